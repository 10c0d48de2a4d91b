import type { SparseRows } from '../../engines/types.ts'
import type { VectorStore } from '../dense/store.ts'
import { concatSparse } from './rows.ts'

/**
 * All sparse vectors of a store, in the order of its rows; for queries and other small sets: they are in memory at once.
 *
 * @throws FieldtrialError `DATA_MISSING` if the store was made without, `WORKSPACE_CORRUPT`.
 */
export async function joinSparse(store: VectorStore): Promise<SparseRows> {
  const parts: SparseRows[] = []
  for (let shard = 0; shard < store.shards; shard++) parts.push(await store.readSparse(shard))
  return concatSparse(parts)
}
