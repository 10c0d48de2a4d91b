import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Side } from '../../recipes/types.ts'
import { unpackVectors } from '../dense/dtypes.ts'
import { VectorStore } from '../dense/store.ts'
import type { OpenDocuments } from './documents.ts'
import type { FittedPostprocess } from './fitted.ts'
import { zeroRows } from './fitted-step.ts'

/** A store of post-processed vectors. */
export interface PostprocessedStore {
  readonly store: VectorStore
  /** Vectors of which nothing was left (all zeros), those that came so included. No search finds them by their contents. */
  readonly zeros: number
}

/** The vectors of a complete store for `fitPostprocess`, a shard at a time. */
export function documentsOf(store: VectorStore): OpenDocuments {
  return async function* () {
    for (let shard = 0; shard < store.shards; shard++) yield unpackVectors(await store.readShard(shard))
  }
}

/**
 * Post-processes a store into another, float32 and cut into the same shards; those that the target has already are only counted. No text goes
 * through a model, so the target's journal says 0 tokens and none truncated: these are the source's.
 *
 * @param target Its folder, and the identity of the vectors that it is for.
 * @param modalities Of each row of the source, for steps that tell them apart. Null: all are texts.
 * @throws FieldtrialError `DATA_MISSING` if the source is not complete, `FINGERPRINT_MISMATCH` if the folder holds other vectors or the source's have
 *   another dimension, `ENGINE_FAILED` on NaN, `CANCELLED` (finished shards are kept), `DISK_FULL`.
 */
export async function postprocessStore(
  source: VectorStore,
  fitted: FittedPostprocess,
  side: Side,
  target: { readonly folder: string; readonly identity: Json },
  work: LongWork = {},
  modalities: Uint8Array | null = null,
): Promise<PostprocessedStore> {
  checkSource(source, fitted)
  const { rows, shardRows } = source.meta
  const { dimension } = fitted
  const { folder, identity } = target
  const store = await VectorStore.create(folder, { identity, dimension, dtype: 'float32', rows, shardRows })
  let [done, zeros] = [0, 0]
  for (let shard = 0; shard < source.shards; shard++) {
    throwIfAborted(work.signal)
    await store.refresh()
    if (store.has(shard)) zeros += zeroRows(unpackVectors(await store.readShard(shard)), dimension)
    else {
      const start = performance.now()
      const packed = await source.readShard(shard)
      const first = shard * shardRows
      const kinds = modalities?.subarray(first, first + source.rowsIn(shard)) ?? null
      const vectors = await fitted.apply(side, unpackVectors(packed), kinds)
      const seconds = (performance.now() - start) / 1000
      await store.writeShard(shard, packed.ids, vectors, { tokens: 0, truncated: 0, seconds })
      zeros += zeroRows(vectors, dimension)
    }
    done += source.rowsIn(shard)
    work.onProgress?.({ step: 'post-process', done, total: rows, unit: side === 'query' ? 'queries' : 'documents' })
  }
  if (zeros > 0)
    work.onNotice?.({
      level: 'warning',
      code: 'postprocess.zero-vectors',
      message: `After post-processing nothing is left of ${zeros} of ${rows} ${side} vectors: they are all zeros.`,
    })
  return { store, zeros }
}

function checkSource(source: VectorStore, fitted: FittedPostprocess): void {
  if (!source.complete)
    throw new FieldtrialError(
      'DATA_MISSING',
      `${source.folder} lacks ${source.missingShards().length} of its shards.`,
      {
        hint: 'Run the study again: it encodes what is missing.',
      },
    )
  const { dimension } = source.meta
  if (dimension !== fitted.inputDimension)
    throw new FieldtrialError(
      'FINGERPRINT_MISMATCH',
      `The vectors in ${source.folder} have ${dimension} dimensions; the post-processing was fitted on ${fitted.inputDimension}.`,
      { hint: 'Fit the post-processing on the documents of the same model and recipe.' },
    )
}
