import { type Rows, unitRows } from './rows.ts'

/** A query and a document that is relevant to it, as numbers of rows. */
export type Pair = readonly [query: number, document: number]

/**
 * Mean squared distance of each query to its relevant documents, on the unit sphere (Wang & Isola 2020, arXiv:2005.10242, α = 2). From 0,
 * all on top of each other, to 4; 2 − 2·(mean cosine). Small is good only together with a small uniformity: a space that is one point has 0.
 *
 * @returns null without pairs.
 */
export function alignment(queries: Rows, documents: Rows, pairs: readonly Pair[]): number | null {
  if (pairs.length === 0) return null
  const d = queries.dimension
  const [asked, found] = [unitRows(queries), unitRows(documents)]
  let sum = 0
  for (const [query, document] of pairs)
    for (let i = 0; i < d; i++) sum += (asked[query * d + i]! - found[document * d + i]!) ** 2
  return sum / pairs.length
}
