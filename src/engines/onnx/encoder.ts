import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { workerUrl } from '../../core/worker-url.ts'
import type { Side } from '../../recipes/types.ts'
import { requireTexts } from '../text/inputs.ts'
import { requireMemory } from '../text/memory.ts'
import type { Encoded, EncodeOptions, Encoder, EncoderInfo, EncoderInput } from '../types.ts'
import { CANCELLED, DONE, type EncodeRequest, fromPlain, type WorkerReply, type WorkerStart } from './messages.ts'
import type { EncoderPlan } from './plan.ts'

const TELL_EVERY_MS = 250

interface Waiting {
  resolve(encoded: Encoded | null): void
  reject(error: unknown): void
}

/** The main thread's side of an encoder that runs in a worker thread; the event loop stays free while it works. */
export class OnnxEncoder implements Encoder {
  readonly info: EncoderInfo
  private readonly worker: Worker
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0
  private ended: FieldtrialError | null = null
  private closing = false
  private readonly exited: Promise<void>

  private constructor(info: EncoderInfo, plan: EncoderPlan, threads: number) {
    this.info = info
    const data: WorkerStart = { plan, threads }
    this.worker = new Worker(workerUrl(import.meta.url, './encode-worker'), { workerData: data })
    this.worker.on('message', (reply: WorkerReply) => {
      const caller = this.take(reply.id)
      if (reply.ok) caller?.resolve(reply.encoded)
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

  /** @param options.threads Threads for the model; by default as many as the machine lets this process use. */
  static async open(
    info: EncoderInfo,
    plan: EncoderPlan,
    options: { readonly threads?: number; readonly signal?: AbortSignal } = {},
  ): Promise<OnnxEncoder> {
    const { threads = availableParallelism(), signal } = options
    if (!Number.isSafeInteger(threads) || threads < 1)
      throw new FieldtrialError('USAGE', `The number of threads must be a whole number from 1 on, not ${threads}.`)
    throwIfAborted(signal)
    requireMemory(info)
    const encoder = new OnnxEncoder(info, plan, threads)
    const stop = () => encoder.abandon(0)
    signal?.addEventListener('abort', stop)
    try {
      await encoder.wait(0)
    } catch (error) {
      // Not `terminate`: a thread that is ended inside onnxruntime takes the process with it.
      await encoder.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
    }
    return encoder
  }

  async encode(inputs: readonly EncoderInput[], side: Side, options: EncodeOptions = {}): Promise<Encoded> {
    throwIfAborted(options.signal)
    const texts = requireTexts(inputs, this.info)
    if (this.ended) throw this.ended
    const id = ++this.lastId
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const stop = () => {
      Atomics.store(shared, CANCELLED, 1)
      this.abandon(id)
    }
    options.signal?.addEventListener('abort', stop)
    const telling =
      options.onProgress && setInterval(() => options.onProgress!(Atomics.load(shared, DONE)), TELL_EVERY_MS)
    try {
      const answer = this.wait(id)
      const request: EncodeRequest = { id, texts, side, task: options.task ?? '', shared }
      this.worker.postMessage(request)
      const encoded = (await answer)!
      const { dimension } = this.info
      if (texts.length === 0) return { ...encoded, dimension: dimension ?? 0 }
      if (dimension !== null && encoded.dimension !== dimension)
        throw new FieldtrialError(
          'ENGINE_FAILED',
          `${this.info.model} gave vectors of ${encoded.dimension} numbers; its files promise ${dimension}.`,
          { hint: 'Check that config.json belongs to the ONNX file.' },
        )
      return encoded
    } finally {
      clearInterval(telling)
      options.signal?.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    this.closing = true
    if (!this.ended) {
      this.worker.ref()
      this.worker.postMessage(null)
    }
    await this.exited
  }

  private wait(id: number): Promise<Encoded | null> {
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.worker.ref()
    })
  }

  private take(id: number): Waiting | undefined {
    const caller = this.waiting.get(id)
    this.waiting.delete(id)
    // An idle encoder that someone forgot to close must not keep the process alive; one that is being closed must, until it has ended.
    if (this.waiting.size === 0 && !this.closing) this.worker.unref()
    return caller
  }

  private abandon(id: number): void {
    this.take(id)?.reject(
      new FieldtrialError('CANCELLED', 'Stopped.', { hint: 'Run the same command again: finished work is kept.' }),
    )
  }

  private end(message: string, cause?: unknown): void {
    this.ended ??= new FieldtrialError('ENGINE_FAILED', message, { hint: 'Open the encoder again.', cause })
    for (const id of [...this.waiting.keys()]) this.take(id)?.reject(this.ended)
  }
}
