const LEAST = 256
const MOST = 8192

/**
 * Documents per shard: a power of two near a 64th of the collection, from 256 to 8,192. Depends on the size of the collection alone,
 * so an interrupted run and an undisturbed one cut alike; small enough that little is lost, large enough that files stay few.
 */
export function shardSize(documents: number): number {
  const wanted = Math.max(1, documents / 64)
  return Math.min(MOST, Math.max(LEAST, 2 ** Math.ceil(Math.log2(wanted))))
}

/** Number of shards that hold `rows` vectors. */
export function shardCount(rows: number, shardRows: number): number {
  return Math.ceil(rows / shardRows)
}

/** Vectors in one shard: all are full but the last. */
export function rowsInShard(shard: number, rows: number, shardRows: number): number {
  return Math.min(shardRows, rows - shard * shardRows)
}
