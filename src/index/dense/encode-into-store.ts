import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { ImageRef } from '../../data/types.ts'
import type { Encoded, Encoder, EncoderInput, SparseRows } from '../../engines/types.ts'
import type { Side } from '../../recipes/types.ts'
import { concatSparse } from '../sparse/rows.ts'
import type { StoreTotals, VectorStore } from './store.ts'

/**
 * Texts given to the encoder at a time where it does not say itself: enough for it to sort by length, few enough for progress to show and for a cancellation to
 * take effect. Chunks start anew with each shard, so that a resumed run forms the same batches as an undisturbed one.
 */
const CHUNK = 128

/** A document's or query's contents as the encoder gets them: title already joined, the recipe's prefix not yet there. */
export interface EncodableText {
  readonly id: string
  readonly text: string
  /** Read by encoders that see; others get the text alone. */
  readonly image?: ImageRef
}

export interface EncodeIntoStoreOptions {
  readonly encoder: Encoder
  /** Default: `document`. */
  readonly side?: Side
  /** The collection's task instruction, for recipes whose prompts hold one. Default: empty. */
  readonly task?: string
  /** All documents (or queries) of the collection, always in the same order. Read as far as needed. */
  readonly texts: AsyncIterable<EncodableText>
  /** Number of texts; the store's rows. */
  readonly total: number
  readonly store: VectorStore
  /** For messages and progress, e.g. `minilm × scifact`. */
  readonly subject?: string
  readonly work?: LongWork
}

interface Tally {
  tokens: number | null
  truncated: number | null
  seconds: number
}

/** Adds counts to a sum; one text of which a server tells nothing makes it unknown. */
function sum(before: number | null, counts: Iterable<number>, unknown: (count: number) => boolean): number | null {
  let total = before
  for (const count of counts) total = total === null || unknown(count) ? null : total + count
  return total
}

/**
 * Encodes the texts whose shards the store lacks; those of whole shards are only counted. Vectors are byte for byte the same however
 * often the work was interrupted. Sparse vectors are stored where the store was made for them, and dropped where not.
 *
 * @returns Sums over all shards, those of earlier runs included.
 * @throws FieldtrialError `DATA_INVALID` if there are fewer or more texts than the store was made for, and what the encoder throws.
 */
export async function encodeIntoStore(options: EncodeIntoStoreOptions): Promise<StoreTotals> {
  const { encoder, side = 'document', task, store, subject, total, work = {} } = options
  const { rows, dimension } = store.meta
  if (total !== rows) throw wrongCount(rows, total < rows ? 'fewer' : 'more')
  const missing = store.missingShards()
  const last = missing.at(-1)
  if (last === undefined) return store.totals()

  const unit = side === 'query' ? 'queries' : 'documents'
  let tokensSoFar = store.totals().tokens
  const report = (done: number) =>
    work.onProgress?.({
      step: `encode ${unit}`,
      ...(subject === undefined ? {} : { subject }),
      done,
      total: rows,
      unit,
      ...(tokensSoFar === null ? {} : { tokens: tokensSoFar }),
    })

  const chunk = encoder.chunk ?? CHUNK
  let shard = 0
  let wanted = !store.has(0)
  let seen = 0
  const sees = encoder.info.images !== undefined
  let texts: EncoderInput[] = []
  let ids: string[] = []
  let vectors = wanted ? new Float32Array(store.rowsIn(0) * dimension) : null
  let sparse: SparseRows[] = []
  let tally: Tally = { tokens: 0, truncated: 0, seconds: 0 }

  const flush = async () => {
    const start = performance.now()
    const before = seen - texts.length
    report(before)
    const encoded = await encoder.encode(texts, side, {
      ...(task === undefined ? {} : { task }),
      ...(work.signal ? { signal: work.signal } : {}),
      onProgress: (done) => report(before + done),
    })
    tally.seconds += (performance.now() - start) / 1000
    if (encoded.dimension !== dimension || encoded.vectors.length !== texts.length * dimension)
      throw new FieldtrialError(
        'ENGINE_FAILED',
        `${encoder.info.model} gave vectors of dimension ${encoded.dimension}; the store holds ${dimension}.`,
        { hint: 'Remove the vectors of this model from the workspace if the model was changed.' },
      )
    vectors!.set(encoded.vectors, (ids.length - texts.length) * dimension)
    if (store.meta.sparse) sparse.push(sparseOf(encoded, encoder))
    tally.tokens = sum(tally.tokens, encoded.tokens, (count) => count < 0)
    tally.truncated = sum(tally.truncated, encoded.truncated, (flag) => flag > 1)
    tokensSoFar = sum(tokensSoFar, encoded.tokens, (count) => count < 0)
    texts = []
  }

  for await (const { id, text, image } of options.texts) {
    throwIfAborted(work.signal)
    if (seen === rows) throw wrongCount(rows, 'more')
    seen++
    if (wanted) {
      ids.push(id)
      texts.push(sees ? { id, text, ...(image === undefined ? {} : { image }) } : text)
    }
    const whole = seen === shard * store.meta.shardRows + store.rowsIn(shard)
    if (wanted && (texts.length === chunk || whole)) {
      await flush()
      if (whole)
        await store.writeShard(shard, ids, vectors!, tally, store.meta.sparse ? concatSparse(sparse) : undefined)
      report(seen)
    }
    if (!whole) continue
    shard++
    ids = []
    sparse = []
    tally = { tokens: 0, truncated: 0, seconds: 0 }
    // What lies behind the last missing shard need not be read; behind the very last, one more document would be one too many.
    if (shard > last && shard < store.shards) break
    if (shard === store.shards) continue
    await store.refresh()
    wanted = !store.has(shard)
    const length = store.rowsIn(shard) * dimension
    if (wanted && vectors?.length !== length) vectors = new Float32Array(length)
  }
  if (shard <= last) throw wrongCount(rows, 'fewer')
  await store.refresh()
  report(rows)
  return store.totals()
}

function sparseOf(encoded: Encoded, encoder: Encoder): SparseRows {
  if (encoded.sparse !== undefined) return encoded.sparse
  throw new FieldtrialError('ENGINE_FAILED', `${encoder.info.model} gave no sparse vectors; the store wants them.`, {
    hint: 'Use a recipe that has a sparse half, such as promptreps, with an engine that gives logits.',
  })
}

function wrongCount(rows: number, which: 'more' | 'fewer'): FieldtrialError {
  return new FieldtrialError(
    'DATA_INVALID',
    `The collection has ${which} documents than the ${rows} it was found to have.`,
    {
      hint: 'The files changed while they were in use: run the same command again.',
    },
  )
}
