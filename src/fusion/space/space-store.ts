import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import { type Dtype, unpackVectors, VectorStore } from '../../index/dense/index.ts'
import type { Side } from '../../recipes/types.ts'
import { applySpace, type FittedSpace } from './fitted.ts'
import { jointBlocks, type MemberSpace } from './members.ts'

/** A store of fused vectors. */
export interface FusedStore {
  readonly store: VectorStore
  /** Vectors of which nothing is left (all zeros). */
  readonly zeros: number
}

/**
 * Brings the members' vectors of one side into the fused space, shard by shard; shards that the target has already are only counted. No text
 * goes through a model.
 *
 * @param target Its folder, the identity of the vectors that it is for, and how they are stored.
 * @throws FieldtrialError as `jointBlocks`; `FINGERPRINT_MISMATCH` if the folder holds other vectors or a member has another dimension than the
 *   one fitted; `ENGINE_FAILED` on NaN; `CANCELLED` (finished shards are kept); `DISK_FULL`.
 */
export async function fuseStores(
  members: readonly MemberSpace[],
  fitted: FittedSpace,
  side: Side,
  target: { readonly folder: string; readonly identity: Json; readonly dtype: Dtype },
  work: LongWork = {},
): Promise<FusedStore> {
  for (const [i, { name, store }] of members.entries())
    if (store.meta.dimension !== fitted.members[i]?.size)
      throw new FieldtrialError(
        'FINGERPRINT_MISMATCH',
        `The vectors of ${name} have ${store.meta.dimension} dimensions; the fusion was fitted on ${fitted.members[i]?.size}.`,
        { hint: 'Fit the fusion on vectors of the same models and recipes.' },
      )
  const { rows, shardRows } = members[0]!.store.meta
  const { dimension } = fitted
  const store = await VectorStore.create(target.folder, {
    identity: target.identity,
    dimension,
    dtype: target.dtype,
    rows,
    shardRows,
  })
  const unit = side === 'query' ? 'queries' : 'documents'
  let zeros = 0
  for (let shard = 0; shard < store.shards; shard++)
    if (store.has(shard)) zeros += zeroRows(unpackVectors(await store.readShard(shard)), dimension)
  let pending: { ids: string[]; vectors: Float32Array; started: number } | null = null
  for await (const block of jointBlocks(members, work, { wants: (shard) => !store.has(shard) })) {
    const size = store.rowsIn(block.shard)
    pending ??= { ids: [], vectors: new Float32Array(size * dimension), started: performance.now() }
    pending.vectors.set(await applySpace(fitted, side, block.vectors), block.from * dimension)
    pending.ids.push(...block.ids)
    if (pending.ids.length < size) continue
    const seconds = (performance.now() - pending.started) / 1000
    await store.writeShard(block.shard, pending.ids, pending.vectors, { tokens: 0, truncated: 0, seconds })
    zeros += zeroRows(pending.vectors, dimension)
    pending = null
    work.onProgress?.({ step: 'fuse vectors', done: block.shard * shardRows + size, total: rows, unit })
  }
  if (zeros > 0)
    work.onNotice?.({
      level: 'warning',
      code: 'fusion.zero-vectors',
      message: `Nothing is left of ${zeros} of ${rows} ${side} vectors in the fused space: they are all zeros.`,
    })
  return { store, zeros }
}

function zeroRows(vectors: Float32Array, dimension: number): number {
  let zeros = 0
  for (let start = 0; start < vectors.length; start += dimension)
    if (vectors.subarray(start, start + dimension).every((x) => x === 0)) zeros++
  return zeros
}
