import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A process of Python, the leader of a process group of its own. */
export type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** How a process ended, or why it could not be started. */
export type Ending =
  | { readonly error: Error }
  | { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** How long what a process has started may hold its pipes open once it is gone. */
const LINGER_MS = 2000

/** Signals a process and all that it has started within its group: compilers that PyTorch starts, for one. */
export function signalGroup(child: Child, signal: NodeJS.Signals): void {
  const { pid } = child
  if (pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-pid, signal)
  } catch {
    // It has just ended.
  }
}

/**
 * Waits for a process to end and for its pipes to close. Processes that it leaves behind hold these open, too; they are ended after a while, and
 * waited for no longer.
 */
export function endOf(child: Child): Promise<Ending> {
  return new Promise((resolve) => {
    const timers: NodeJS.Timeout[] = []
    const end = (ending: Ending) => {
      for (const timer of timers) clearTimeout(timer)
      resolve(ending)
    }
    child.once('error', (error) => end({ error }))
    child.once('close', (code, signal) => end({ code, signal }))
    child.once('exit', (code, signal) => {
      timers.push(
        setTimeout(() => signalGroup(child, 'SIGKILL'), LINGER_MS),
        setTimeout(() => end({ code, signal }), 2 * LINGER_MS),
      )
    })
  })
}
