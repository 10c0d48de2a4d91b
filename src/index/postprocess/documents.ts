import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { applyStep, type FittedStep } from './fitted-step.ts'

/** Numbers per block: enough for fast products, and 16 MiB as float64. */
const BLOCK_NUMBERS = 1 << 21

/** Document vectors that can be read more than once: each call starts anew. Blocks of whole vectors, row after row, in the same order. */
export type OpenDocuments = () => AsyncIterable<Float32Array>

/**
 * Passes over a collection's vectors. Blocks are cut to the same size whatever came, so that sums do not depend on how the caller cut.
 */
export class Documents {
  readonly #open: OpenDocuments
  readonly #dimension: number
  readonly #work: LongWork
  /** Of each document, for steps that tell them apart; null: all are texts. */
  readonly modalities: Uint8Array | null
  #rows: number | null = null

  constructor(open: OpenDocuments, dimension: number, work: LongWork, modalities: Uint8Array | null = null) {
    this.#open = open
    this.#dimension = dimension
    this.#work = work
    this.modalities = modalities
  }

  /** Documents in all; null before the first pass. */
  get rows(): number | null {
    return this.#rows
  }

  /**
   * One pass.
   *
   * @param steps Done to each block before it is handed out.
   * @param what For progress, e.g. `mean`.
   * @throws FieldtrialError `ENGINE_FAILED` on NaN or infinity; `DATA_INVALID` if there are no vectors, or not as many as before; `CANCELLED`.
   */
  async *pass(steps: readonly FittedStep[], what: string): AsyncGenerator<Float32Array> {
    const { signal, onProgress } = this.#work
    let done = 0
    for await (const block of this.#blocks()) {
      throwIfAborted(signal)
      let vectors = block
      const modalities = this.modalities?.subarray(done, done + block.length / this.#dimension) ?? null
      for (const step of steps) vectors = await applyStep(step, 'document', vectors, modalities)
      yield vectors
      done += block.length / this.#dimension
      onProgress?.({
        step: `fit post-processing: ${what}`,
        done,
        ...(this.#rows === null ? {} : { total: this.#rows }),
        unit: 'documents',
      })
    }
    if (done === 0)
      throw new FieldtrialError('DATA_INVALID', 'There are no document vectors to fit the post-processing on.')
    if (this.#rows !== null && this.#rows !== done)
      throw new FieldtrialError(
        'DATA_INVALID',
        `There were ${this.#rows} document vectors, and now there are ${done}.`,
        {
          hint: 'The vectors changed while they were in use: run the same command again.',
        },
      )
    this.#rows = done
  }

  async *#blocks(): AsyncGenerator<Float32Array> {
    const d = this.#dimension
    const size = Math.max(1, Math.floor(BLOCK_NUMBERS / d)) * d
    let block = new Float32Array(size)
    let filled = 0
    let before = 0
    for await (const given of this.#open()) {
      checkVectors(given, d, before / d)
      before += given.length
      for (let at = 0; at < given.length; ) {
        const some = given.subarray(at, at + size - filled)
        block.set(some, filled)
        filled += some.length
        at += some.length
        if (filled < size) continue
        yield block
        block = new Float32Array(size)
        filled = 0
      }
    }
    if (filled > 0) yield block.subarray(0, filled)
  }
}

/**
 * @param first Number of the first vector, for the message.
 * @throws FieldtrialError `ENGINE_FAILED` on NaN or infinity, or where the numbers are not whole vectors.
 */
export function checkVectors(vectors: Float32Array, dimension: number, first = 0, which = 'Vector'): void {
  if (vectors.length % dimension !== 0)
    throw new FieldtrialError(
      'ENGINE_FAILED',
      `${vectors.length} numbers are not whole vectors of dimension ${dimension}.`,
      {
        hint: 'Fit and apply post-processing with vectors of the same model and recipe.',
      },
    )
  const bad = vectors.findIndex((x) => !Number.isFinite(x))
  if (bad < 0) return
  throw new FieldtrialError('ENGINE_FAILED', `${which} ${first + Math.floor(bad / dimension)} holds ${vectors[bad]}.`, {
    hint: 'Run `fieldtrial doctor` on the encoder: its vectors cannot be used.',
  })
}
