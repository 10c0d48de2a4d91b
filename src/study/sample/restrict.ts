import { rankOrder } from '../../data/id-order.ts'
import type { Run } from '../../data/types.ts'

/**
 * A run over the whole collection as a run over a sample: the documents of the sample, in their order. That is exactly what a retriever
 * gives there whose scores depend on query and document alone, as an encoder's do; BM25's depend on the collection's statistics too.
 *
 * @param keep Documents of the sample; null for all.
 * @param depth Documents kept of each query.
 * @returns The run, and how many queries have fewer than `depth` documents left although their run may have gone on: what a measure of
 * that depth says of them is a lower bound.
 */
export function restrictRun(run: Run, keep: ReadonlySet<string> | null, depth: number): { run: Run; short: number } {
  let short = 0
  let longest = 0
  for (const { ids } of run.values()) longest = Math.max(longest, ids.length)
  const restricted: Run = new Map()
  for (const [query, { ids, scores }] of run) {
    const order = rankOrder(ids, scores, 'float64')
    const left: string[] = []
    const leftScores: number[] = []
    for (let i = 0; i < ids.length && left.length < depth; i++) {
      const at = order === null ? i : order[i]!
      if (keep?.has(ids[at]!) === false) continue
      left.push(ids[at]!)
      leftScores.push(scores[at]!)
    }
    // One that is shorter than others ended by itself.
    if (left.length < Math.min(depth, keep?.size ?? depth) && ids.length === longest) short++
    restricted.set(query, { ids: left, scores: Float64Array.from(leftScores) })
  }
  return { run: restricted, short }
}
