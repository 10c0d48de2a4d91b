import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FieldtrialError, systemCode } from './errors.ts'

/** Names a file that is not whole yet; left-overs of a killed process carry it and may be removed at any time. */
const TEMPORARY_SUFFIX = '.partial'

/** A name beside `path` that no other process uses. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}${TEMPORARY_SUFFIX}`
}

/** A name that no other process uses, for a folder that this process removes when it is done; begins with `path`. */
export function scratchName(path: string): string {
  return `${path}-${process.pid}-${randomBytes(4).toString('hex')}`
}

/** What `temporaryName` or `scratchName` was asked for, and by which process; null for a name that neither of them makes. */
export function takeApart(
  name: string,
): { readonly of: string; readonly pid: number; readonly kind: 'partial' | 'scratch' } | null {
  const whole = name.endsWith(TEMPORARY_SUFFIX) ? name.slice(0, -TEMPORARY_SUFFIX.length) : name
  const kind = whole === name ? 'scratch' : 'partial'
  const [, of, mark, pid] = /^(.+)([.-])(\d+)-[0-9a-f]{8}$/.exec(whole) ?? []
  return of === undefined || mark !== (kind === 'partial' ? '.' : '-') ? null : { of, pid: Number(pid), kind }
}

/** Removes what processes that are gone have left under `temporaryName(path)`. */
export async function removeLeftovers(path: string): Promise<void> {
  for (const entry of await readdir(dirname(path)).catch(() => [])) {
    const made = takeApart(entry)
    if (made?.kind === 'partial' && made.of === basename(path) && isGone(made.pid))
      await rm(join(dirname(path), entry), { recursive: true, force: true })
  }
}

/** Whether no process of this machine has that number. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
}

/**
 * Makes a folder and those above it. Not `mkdir(…, { recursive: true })`, which never ends on file systems that answer "not there" when
 * asked to make a folder in a folder that is there (such as /proc).
 */
export async function makeFolder(path: string): Promise<void> {
  if (await madeFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolder(parent)
  // Once more: this time the parent is there, also if another process has just made it.
  if (!(await madeFolder(path))) throw Object.assign(new Error(`mkdir ${path}: not possible here`), { code: 'ENOENT' })
}

/** Whether the folder is there now; false if the one above it is not. */
async function madeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    if (systemCode(error) !== 'EEXIST') throw error
  }
  return true
}

/** Gives failed writes a message that says what to do. */
export function asWriteError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new FieldtrialError('DISK_FULL', `No room left on the disk while writing ${path}.`, {
      hint: 'Free some space (`fieldtrial clean` removes what no study needs) or choose another --workspace, then run the same command again: finished work is kept.',
      where: { file: path },
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT' || code === 'ENOTDIR')
    return new FieldtrialError('NOT_WRITABLE', `${path} cannot be written (${code}).`, {
      hint: 'Choose a folder that you may write to with --workspace or --output.',
      where: { file: path },
      cause: error,
    })
  return error
}

/**
 * Writes a file so that a reader sees either the old content or the whole new one, also after a crash:
 * temporary name, flush, rename, flush of the folder.
 *
 * @throws FieldtrialError `DISK_FULL` when there is no room; the temporary file is removed.
 */
export async function writeAtomic(
  path: string,
  write: string | Uint8Array | ((file: FileHandle) => Promise<void>),
): Promise<void> {
  const partial = temporaryName(path)
  try {
    await makeFolder(dirname(path))
    const file = await open(partial, 'wx')
    try {
      if (typeof write === 'function') await write(file)
      else await file.writeFile(write)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(partial, { force: true })
    throw asWriteError(error, path)
  }
}

/** Makes a rename in this folder survive a power cut. Not every file system lets a folder be opened; those need no flush. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(folder, 'r')
    await handle.sync()
  } catch (error) {
    if (!['EISDIR', 'EINVAL', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '')) throw error
  } finally {
    await handle?.close()
  }
}
