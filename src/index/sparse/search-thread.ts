import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { FieldtrialError } from '../../core/errors.ts'
import { workerUrl } from '../../core/worker-url.ts'
import type { Found, SparseReply, SparseTask } from './messages.ts'

/** One thread that searches. */
export class SparseThread {
  readonly #worker = new Worker(workerUrl(import.meta.url, './search-worker'))

  /** Waits until it runs. */
  async started(): Promise<void> {
    await once(this.#worker, 'online')
  }

  /**
   * Searches the shards that other threads leave; one call at a time.
   *
   * @param tell Told now and then how many documents were searched since the last time.
   * @returns null if the task's `stop` was set.
   */
  search(task: SparseTask, tell: (documents: number) => void): Promise<Found | null> {
    const worker = this.#worker
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        worker.off('message', hear)
        worker.off('error', fail)
        worker.off('exit', gone)
        settle()
      }
      const fail = (error: Error) => done(() => reject(error))
      const gone = () => done(() => reject(new FieldtrialError('INTERNAL', 'A search thread ended by itself.')))
      const hear = (reply: SparseReply) => {
        if (reply.kind === 'progress') return tell(reply.documents)
        done(() => {
          if (reply.kind === 'done') return resolve(reply.found)
          if (reply.kind === 'stopped') return resolve(null)
          const { code, message, hint, where } = reply
          reject(new FieldtrialError(code, message, { ...(hint ? { hint } : {}), ...(where ? { where } : {}) }))
        })
      }
      worker.on('message', hear)
      worker.on('error', fail)
      worker.on('exit', gone)
      worker.postMessage(task)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
