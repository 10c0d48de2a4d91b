import { WorkerProcess } from './worker-process.ts'

/**
 * Processes without a model, kept for a while: starting Python and importing PyTorch takes seconds, and a study opens one model after the
 * other. They end with this process, too.
 */
const KEEP_MS = 60_000

interface Idle {
  readonly python: string
  readonly process: WorkerProcess
  readonly timer: NodeJS.Timeout
}

const idle: Idle[] = []

/** A process that no one else uses: one that waits, or a new one. */
export function takeProcess(python: string): WorkerProcess {
  for (let at = idle.length - 1; at >= 0; at--) {
    const found = idle[at]!
    if (found.python !== python) continue
    idle.splice(at, 1)
    clearTimeout(found.timer)
    if (found.process.alive) return found.process
  }
  return new WorkerProcess(python)
}

/** Gives a process back: its model is dropped. One that is still at work is ended. */
export async function giveBack(python: string, process: WorkerProcess): Promise<void> {
  if (!process.alive || process.busy) return process.close()
  try {
    await process.request({ method: 'unload' })
  } catch {
    return process.close()
  }
  const timer = setTimeout(() => {
    idle.splice(
      idle.findIndex((one) => one.process === process),
      1,
    )
    void process.close()
  }, KEEP_MS)
  timer.unref()
  idle.push({ python, process, timer })
}

/** Ends all processes that wait. */
export async function endIdle(): Promise<void> {
  await Promise.all(
    idle.splice(0).map(({ process, timer }) => {
      clearTimeout(timer)
      return process.close()
    }),
  )
}
