import { createHash } from 'node:crypto'
import { FieldtrialError } from '../../core/errors.ts'

/**
 * Parts queries into folds of equal size (but for one), each query in one of them. A query's place depends on the seed and on the ids
 * alone: not on their order, nor on any judgment.
 *
 * @throws FieldtrialError `DATA_INVALID` for fewer queries than folds.
 */
export function foldsOf(queries: Iterable<string>, folds: number, seed: number): string[][] {
  const ordered = shuffled(queries, seed)
  if (ordered.length < folds)
    throw new FieldtrialError(
      'DATA_INVALID',
      `${folds} folds need ${folds} judged queries or more; there ${ordered.length === 1 ? 'is 1' : `are ${ordered.length}`}.`,
      { hint: 'Use fewer folds, learn on another split, or give the weights yourself.' },
    )
  const parts: string[][] = Array.from({ length: folds }, () => [])
  for (const [i, query] of ordered.entries()) parts[i % folds]!.push(query)
  return parts
}

/** Queries in an order that the seed and their ids decide. */
export function shuffled(queries: Iterable<string>, seed: number): string[] {
  const keyed = [...new Set(queries)].map((query) => ({ query, key: hashOf(query, seed) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ query }) => query)
}

function hashOf(query: string, seed: number): string {
  return createHash('sha256').update(`${seed}\n${query}`).digest('hex')
}
