import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { compareIds } from '../../data/id-order.ts'
import type { Document, Query, Ranking, Run } from '../../data/index.ts'
import { Bm25Index, type Bm25Options } from '../../index/bm25/index.ts'

/** Documents indexed at a time. A slice of a million passages takes about a gigabyte. */
const SLICE_DOCUMENTS = 1_000_000

/**
 * The first k documents for every query by BM25, out of a collection of any size in bounded memory: slices are indexed and searched one
 * after another, and what they found is merged. Up to one slice this is BM25 itself; beyond, every slice scores by its own statistics,
 * which is near enough for a choice of distractors but not for a measure.
 */
export async function searchInSlices(
  documents: AsyncIterable<Document>,
  options: Bm25Options,
  queries: readonly Query[],
  k: number,
  work: LongWork = {},
  sliceDocuments = SLICE_DOCUMENTS,
): Promise<{ run: Run; slices: number }> {
  const iterator = documents[Symbol.asyncIterator]()
  let next = await iterator.next()
  async function* slice(): AsyncGenerator<Document> {
    for (let n = 0; n < sliceDocuments && !next.done; n++) {
      yield next.value
      next = await iterator.next()
    }
  }
  let run: Run = new Map()
  let slices = 0
  try {
    while (!next.done) {
      throwIfAborted(work.signal)
      const index = await Bm25Index.build(slice(), options, work)
      const found = await index.searchAll(queries, k, work)
      run = slices++ === 0 ? found : mergeRuns(run, found, k)
    }
  } finally {
    await iterator.return?.()
  }
  return { run, slices }
}

function mergeRuns(a: Run, b: Run, k: number): Run {
  return new Map([...a].map(([query, ranking]) => [query, merge(ranking, b.get(query)!, k)]))
}

/** Score descending, ties by id ascending, as the index itself ranks. */
function merge(a: Ranking, b: Ranking, k: number): Ranking {
  const ids: string[] = []
  const scores: number[] = []
  let i = 0
  let j = 0
  while (ids.length < k && (i < a.ids.length || j < b.ids.length)) {
    const order = i >= a.ids.length ? 1 : j >= b.ids.length ? -1 : b.scores[j]! - a.scores[i]!
    const first = order < 0 || (order === 0 && compareIds(a.ids[i]!, b.ids[j]!) < 0)
    ids.push(first ? a.ids[i]! : b.ids[j]!)
    scores.push(first ? a.scores[i++]! : b.scores[j++]!)
  }
  return { ids, scores: Float64Array.from(scores) }
}
