import type { OpenShard } from './shard-file.ts'
import type { VectorStore } from './store.ts'

/** Neighbouring rows of one shard that go into one matrix product. */
export interface SearchPiece {
  readonly shard: OpenShard
  /** Rows of the shard: the first, and how many. */
  readonly from: number
  readonly documents: number
  /** Row of the first document in the collection. */
  readonly firstRow: number
}

/** Counts, for all threads that share a search, the rows of each shard that are taken, and in the first place the shards. */
export const newClaims = (shards: number) => new Int32Array(new SharedArrayBuffer(4 * (1 + shards)))

/**
 * Goes through the pieces of a store that no other thread took. A thread takes whole shards while there are any, since a shard's header has to
 * be read, and then helps others with theirs.
 *
 * @param claims `newClaims` of the store, the same for all threads.
 */
export async function* claimPieces(
  store: VectorStore,
  pieceRows: number,
  claims: Int32Array,
): AsyncGenerator<SearchPiece> {
  for (const shard of claimShards(store, claims)) {
    const opened = await store.openShard(shard)
    try {
      const { rows } = opened.layout
      for (;;) {
        const from = Atomics.add(claims, 1 + shard, pieceRows)
        if (from >= rows) break
        const firstRow = shard * store.meta.shardRows + from
        yield { shard: opened, from, documents: Math.min(pieceRows, rows - from), firstRow }
      }
    } finally {
      await opened.file.close()
    }
  }
}

function* claimShards(store: VectorStore, claims: Int32Array): Generator<number> {
  for (;;) {
    const shard = Atomics.add(claims, 0, 1)
    if (shard >= store.shards) break
    yield shard
  }
  for (let shard = 0; shard < store.shards; shard++)
    if (Atomics.load(claims, 1 + shard) < store.rowsIn(shard)) yield shard
}
