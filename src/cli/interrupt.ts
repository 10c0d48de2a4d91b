import { ERROR_CODES } from '../core/errors.ts'
import { say, type Terminal } from './terminal.ts'

/**
 * Runs work that Ctrl-C (or SIGTERM) asks to stop in good order; a second Ctrl-C ends the process at once, which loses at most the shard under way.
 */
export async function interruptible<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(ERROR_CODES.CANCELLED.exit)
    say(terminal, '\nStopping after the piece of work under way; press Ctrl-C again to end at once.')
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}
