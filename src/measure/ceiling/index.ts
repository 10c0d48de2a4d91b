import type { Qrels } from '../../data/types.ts'
import type { Measure } from '../parse.ts'
import { gradeLevels } from '../ranking.ts'
import { expectedBest } from './expected.ts'
import { apart, type ContentGroup, groupsOf } from './twin-groups.ts'
import type { Ceiling } from './types.ts'

export { type ContentGroup, twinsUnjudged } from './twin-groups.ts'
export type * from './types.ts'

/**
 * The ceiling that identical documents put on measures: even a perfect retriever cannot tell a judged document from its twins, and
 * whatever order it gives them is chance. Queries without relevant documents count 0, relevant documents that are absent are never found.
 *
 * @param contents Of every judged document that is in the corpus, and, with `removeSelf`, of documents with a query's id.
 * @returns One entry per measure, without those for which it is not worked out.
 */
export function ceilings(
  measures: readonly Measure[],
  qrels: Qrels,
  contents: ReadonlyMap<string, ContentGroup>,
  options: { readonly removeSelf?: boolean } = {},
): Ceiling[] {
  const sums = measures.map(() => ({ value: 0, apart: 0, known: true }))
  let queries = 0
  for (const [query, judgments] of qrels) {
    if (judgments.size === 0) continue
    queries++
    const groups = groupsOf(query, judgments, contents, options.removeSelf ?? false)
    const single = apart(groups)
    const levels = gradeLevels(judgments)
    for (const [i, measure] of measures.entries()) {
      const sum = sums[i]!
      const value = measure.aggregate === 'mean' ? expectedBest(measure, groups, levels) : null
      if (value === null) sum.known = false
      else {
        sum.value += value
        sum.apart += expectedBest(measure, single, levels) ?? 0
      }
    }
  }
  if (queries === 0) return []
  return measures.flatMap(({ name }, i) => {
    const { value, apart: single, known } = sums[i]!
    return known ? [{ measure: name, value: value / queries, apart: single / queries }] : []
  })
}
