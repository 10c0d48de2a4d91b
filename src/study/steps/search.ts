import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Run } from '../../data/types.ts'
import { ExactSearcher, type VectorStore } from '../../index/dense/index.ts'
import { joinSparse, SparseSearcher } from '../../index/sparse/index.ts'

/** Searches all queries against all documents, exactly. */
export async function searchDense(
  queries: VectorStore,
  documents: VectorStore,
  similarity: 'cosine' | 'dot',
  depth: number,
  work: LongWork,
): Promise<{ run: Run; seconds: number }> {
  throwIfAborted(work.signal)
  const queryIds = await queries.ids()
  const vectors = await queries.readAll()
  // Starting the thread is no part of what a query costs.
  const searcher = await ExactSearcher.open()
  try {
    const started = performance.now()
    const rankings = await searcher.search({ store: documents, queries: vectors, k: depth, similarity, ...work })
    const seconds = (performance.now() - started) / 1000
    return { run: new Map(queryIds.map((id, i) => [id, rankings[i]!])), seconds }
  } finally {
    await searcher.close()
  }
}

/** The same for the sparse halves: the sum of products of term weights. */
export async function searchSparseHalves(
  queries: VectorStore,
  documents: VectorStore,
  depth: number,
  work: LongWork,
): Promise<{ run: Run; seconds: number }> {
  throwIfAborted(work.signal)
  const queryIds = await queries.ids()
  const rows = await joinSparse(queries)
  const searcher = await SparseSearcher.open()
  try {
    const started = performance.now()
    const rankings = await searcher.search({ store: documents, queries: rows, k: depth, ...work })
    const seconds = (performance.now() - started) / 1000
    return { run: new Map(queryIds.map((id, i) => [id, rankings[i]!])), seconds }
  } finally {
    await searcher.close()
  }
}
