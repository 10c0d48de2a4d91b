import type { LongWork } from '../../core/progress.ts'
import type { Encoder, PreparedEncoder } from '../../engines/types.ts'

/** Loads a model at the first need and keeps it: most trials of a resumed study never need it. */
export class LazyEncoder {
  readonly #prepared: PreparedEncoder
  #opened: Promise<Encoder> | undefined

  constructor(prepared: PreparedEncoder) {
    this.#prepared = prepared
  }

  get info() {
    return this.#prepared.info
  }

  open({ signal, onProgress }: LongWork): Promise<Encoder> {
    this.#opened ??= this.#prepared.open({ ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) })
    return this.#opened
  }

  /** Frees the model; the next `open` loads it again. */
  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    const encoder = await opened?.catch(() => undefined)
    await encoder?.close()
  }
}
