import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { asWriteError, makeFolder } from './atomic.ts'
import { FieldtrialError, systemCode, throwIfAborted } from './errors.ts'

/** A holder touches its lock this often … */
const HEARTBEAT_MS = 5_000
/** … and one on another machine that did not for this long is dead. On the same machine the process itself is asked. */
const STALE_MS = 60_000

interface Holder {
  readonly pid: number
  readonly host: string
  readonly token: string
  /** When the process started, as the system counts; tells it from a later one with the same number. Null where it cannot be had. */
  readonly born: string | null
}

export interface LockOptions {
  readonly signal?: AbortSignal
  /** Told once when another process holds the lock and this one begins to wait. */
  readonly onWait?: (holder: string) => void
  /** Milliseconds to wait at most; default: no limit, since the other process does the same work. */
  readonly timeoutMs?: number
  /** Milliseconds between looks; default 250. */
  readonly pollMs?: number
}

/**
 * Runs `work` while no other process runs under the same lock file. The lock of a dead process is taken over: at once on the same machine,
 * after a minute without a sign of life on another one.
 *
 * @throws FieldtrialError `WORKSPACE_LOCKED` after `timeoutMs`, `CANCELLED`.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const token = await acquire(path, options)
  const heartbeat = setInterval(() => {
    const now = new Date()
    // A lock that vanished cannot be touched; release() notices that it is no longer ours.
    utimes(path, now, now).catch(() => undefined)
  }, HEARTBEAT_MS)
  heartbeat.unref()
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    if ((await readHolder(path))?.token === token) await rm(path, { force: true })
  }
}

async function acquire(path: string, options: LockOptions): Promise<string> {
  const token = randomBytes(12).toString('hex')
  const holding: Holder = { pid: process.pid, host: hostname(), token, born: await bornAt(process.pid) }
  const content = JSON.stringify(holding)
  const started = Date.now()
  let told = false
  await makeFolder(dirname(path)).catch((error: unknown) => {
    throw asWriteError(error, path)
  })
  for (;;) {
    throwIfAborted(options.signal)
    try {
      const file = await open(path, 'wx')
      await file.writeFile(content)
      await file.close()
      return token
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw asWriteError(error, path)
    }
    const holder = await readHolder(path)
    if (await isDead(path, holder)) {
      await removeStale(path, holder)
      continue
    }
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
    if (!told) options.onWait?.(who)
    told = true
    if (options.timeoutMs !== undefined && Date.now() - started > options.timeoutMs)
      throw new FieldtrialError('WORKSPACE_LOCKED', `${who} holds ${path}.`, {
        hint: `Wait for it to end. If no such process runs any more, remove the file.`,
        where: { file: path },
      })
    await sleep(options.pollMs ?? 250)
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    return undefined // gone, or its writer is between creating and filling it
  }
}

async function isDead(path: string, holder: Holder | undefined): Promise<boolean> {
  const age = await stat(path).then(
    (s) => Date.now() - s.mtimeMs,
    () => undefined,
  )
  if (age === undefined) return false // already gone: just try again
  if (!holder) return age > HEARTBEAT_MS
  // A process that is alive but cannot touch its lock (a laptop asleep, a long computation) still holds it.
  if (holder.host !== hostname()) return age > STALE_MS
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
  const born = await bornAt(holder.pid)
  return born !== null && holder.born !== null && born !== holder.born
}

/** Field 22 of Linux's /proc/PID/stat; the command before it is in brackets and may hold anything. */
async function bornAt(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

/** Moves the stale lock away before deleting it: of several waiters only one succeeds, and none deletes a fresh lock. */
async function removeStale(path: string, holder: Holder | undefined): Promise<void> {
  const aside = `${path}.stale-${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  const moved = await readHolder(aside)
  // A fresh lock goes back; a link fails, and harms nothing, where another process has taken the place meanwhile.
  if (moved?.token !== holder?.token) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}
