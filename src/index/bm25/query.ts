import type { Field } from './field.ts'
import type { ResolvedBm25Options } from './options.ts'

/** A query term in one field. */
export interface QueryTerm {
  readonly field: number
  readonly term: number
  readonly idf: number
  /** How often the query has it. */
  readonly count: number
  /** `count` times the field's weight. */
  readonly weight: number
}

/**
 * The terms of a query that can score, the weightiest first (ties in the order of the query, contents after title).
 * Scores are sums in this order, which depends on the collection's statistics only, so that an index that was changed
 * and one built from scratch give equal sums to the last bit.
 *
 * @param numbers Term numbers of the query, in its order.
 */
export function queryTerms(numbers: Int32Array, fields: readonly Field[], options: ResolvedBm25Options): QueryTerm[] {
  const counts = new Map<number, number>()
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1)
  const terms: QueryTerm[] = []
  for (const [term, count] of counts)
    for (let field = 0; field < fields.length; field++) {
      const df = fields[field]!.documentFrequency(term)
      const weight = count * fields[field]!.weight
      if (df === 0 || weight === 0) continue
      const idf = fields[field]!.similarity(options).idf(df)
      // A term of no weight (robertson: in half of the documents) finds nothing.
      if (idf > 0) terms.push({ field, term, idf, count, weight })
    }
  return terms.sort((a, b) => b.weight * b.idf - a.weight * a.idf)
}
