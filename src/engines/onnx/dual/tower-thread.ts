import { Worker } from 'node:worker_threads'
import { FieldtrialError } from '../../../core/errors.ts'
import { workerUrl } from '../../../core/worker-url.ts'
import { fromPlain } from '../messages.ts'
import type { TowerReply, TowerRequest, TowerStart } from './messages.ts'

interface Waiting {
  resolve(vectors: Float32Array): void
  reject(error: unknown): void
}

/** The towers in a thread of their own, since onnxruntime blocks the one that calls it. Requests are done one after the other. */
export class TowerThread {
  private readonly worker: Worker
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0
  private ended: FieldtrialError | null = null
  private readonly exited: Promise<void>

  private constructor(start: TowerStart) {
    this.worker = new Worker(workerUrl(import.meta.url, './tower-worker'), { workerData: start })
    this.worker.on('message', (reply: TowerReply) => {
      const caller = this.waiting.get(reply.id)
      this.waiting.delete(reply.id)
      if (this.waiting.size === 0) this.worker.unref()
      if (reply.ok) caller?.resolve(reply.vectors)
      else caller?.reject(fromPlain(reply.error))
    })
    this.worker.on('error', (error) => this.end(`The encoder's thread failed: ${(error as Error).message}`, error))
    this.exited = new Promise((resolve) => {
      this.worker.once('exit', () => {
        this.end('The encoder was closed.')
        resolve()
      })
    })
  }

  /** @throws FieldtrialError what loading throws. */
  static async open(start: TowerStart): Promise<TowerThread> {
    const thread = new TowerThread(start)
    try {
      await thread.wait(0)
    } catch (error) {
      await thread.close()
      throw error
    }
    return thread
  }

  /** @returns Vectors, one row after the other. */
  run(
    request:
      | Omit<Extract<TowerRequest, { kind: 'texts' }>, 'id'>
      | Omit<Extract<TowerRequest, { kind: 'images' }>, 'id'>,
  ): Promise<Float32Array> {
    if (this.ended) return Promise.reject(this.ended)
    const id = ++this.lastId
    const answer = this.wait(id)
    this.worker.postMessage({ ...request, id } as TowerRequest)
    return answer
  }

  async close(): Promise<void> {
    if (!this.ended) {
      this.worker.ref()
      this.worker.postMessage(null)
    }
    await this.exited
  }

  private wait(id: number): Promise<Float32Array> {
    this.worker.ref()
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }))
  }

  private end(message: string, cause?: unknown): void {
    this.ended ??= new FieldtrialError('ENGINE_FAILED', message, { hint: 'Open it again.', cause })
    for (const { reject } of this.waiting.values()) reject(this.ended)
    this.waiting.clear()
  }
}
