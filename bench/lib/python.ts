import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type MemoryWatch, watchMemory } from './memory.ts'

const bench = fileURLToPath(new URL('..', import.meta.url))
const inVenv = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'

/** The Python that the peers are installed in: `FIELDTRIAL_BENCH_PYTHON`, or that of `.venv` (made by `bench/setup.sh`). */
export const pythonPath =
  process.env.FIELDTRIAL_BENCH_PYTHON ?? fileURLToPath(new URL(`../../.venv/${inVenv}`, import.meta.url))

export interface PythonOptions {
  /** Threads that numerical libraries and numba may use; default: theirs. */
  readonly threads?: number
  readonly env?: Readonly<Record<string, string>>
  /** Default 900. */
  readonly timeoutSeconds?: number
}

/** A peer that stays in memory and does one piece of work at a time, so that its turns can alternate with ours. */
export interface Peer {
  /** Sends `{ "do": name, ...args }` and gives the answer's JSON; a failed call throws with the peer's own words. */
  ask<T>(name: string, args?: Readonly<Record<string, unknown>>): Promise<T>
  /** Highest resident memory so far in MB; null where the system does not tell. */
  peakMB(): number | null
  close(): Promise<void>
}

/**
 * Starts a script of `bench/peers/` that serves with `peer.serve` (see `bench/peers/peer.py`).
 *
 * @returns The peer once it says that it is ready, or the reason why it cannot be had (package absent, for example).
 */
export async function openPeer(
  script: string,
  args: readonly string[] = [],
  options: PythonOptions = {},
): Promise<{ readonly ok: true; readonly peer: Peer } | { readonly ok: false; readonly reason: string }> {
  const started = start(script, args, options)
  if ('reason' in started) return { ok: false, reason: started.reason }
  const { child, memory, errors } = started
  const next = lines(child)
  const ended = exited(child)
  const timeout = (options.timeoutSeconds ?? 900) * 1000
  const answer = async (): Promise<Record<string, unknown>> => {
    const late = setTimeout(() => child.kill('SIGKILL'), timeout)
    const line = await next()
    clearTimeout(late)
    if (line === null) throw new Error(whyFailed(script, await ended, errors()))
    return JSON.parse(line) as Record<string, unknown>
  }
  try {
    await answer()
  } catch (error) {
    memory.stop()
    return { ok: false, reason: (error as Error).message }
  }
  const peer: Peer = {
    async ask<T>(name: string, values: Readonly<Record<string, unknown>> = {}) {
      child.stdin.write(`${JSON.stringify({ do: name, ...values })}\n`)
      const reply = await answer()
      if (typeof reply.error === 'string') throw new Error(`${script}: ${reply.error}`)
      return reply.value as T
    },
    peakMB: () => memory.peakMB(),
    async close() {
      child.stdin.end()
      await ended
      memory.stop()
    },
  }
  return { ok: true, peer }
}

function start(script: string, args: readonly string[], options: PythonOptions) {
  if (!existsSync(pythonPath)) return { reason: 'no Python environment (run bench/setup.sh)' }
  const threads = options.threads === undefined ? {} : threadLimits(options.threads)
  const child = spawn(pythonPath, ['-u', `${bench}peers/${script}`, ...args], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...threads, ...options.env },
  })
  // Without a listener a child that dies early would take this process with it by EPIPE.
  child.stdin.on('error', () => {})
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  let tail = ''
  child.stderr.on('data', (chunk: string) => {
    if (process.env.FIELDTRIAL_BENCH_VERBOSE) process.stderr.write(chunk)
    tail = (tail + chunk).slice(-4000)
  })
  const memory: MemoryWatch = watchMemory(child.pid)
  return { child, memory, errors: () => tail }
}

/** The variables by which OpenMP, the BLAS libraries, numba and tokenizers are told how many threads to use. */
function threadLimits(threads: number): Record<string, string> {
  const names = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMBA_NUM_THREADS', 'RAYON_NUM_THREADS']
  return Object.fromEntries(names.map((name) => [name, String(threads)]))
}

function exited(child: ChildProcessWithoutNullStreams): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'an unknown end'))
  })
}

function whyFailed(script: string, status: number | string, errors: string): string {
  const said = errors.trimEnd().split('\n').at(-1)?.trim()
  return said ? said : `${script} ended with ${status}`
}

/** Standard output line by line; null at its end. */
function lines(child: ChildProcessWithoutNullStreams): () => Promise<string | null> {
  const ready: (string | null)[] = []
  let waiting: ((line: string | null) => void) | undefined
  let rest = ''
  const give = (line: string | null) => {
    if (waiting) {
      const resolve = waiting
      waiting = undefined
      resolve(line)
    } else ready.push(line)
  }
  child.stdout.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    // A line that is not JSON is a library's chatter, not an answer.
    for (const line of parts) if (line.startsWith('{')) give(line)
  })
  child.stdout.once('end', () => give(null))
  return () => (ready.length > 0 ? Promise.resolve(ready.shift()!) : new Promise((resolve) => (waiting = resolve)))
}
