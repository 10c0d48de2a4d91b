import type { Best } from './best.ts'
import type { Postings } from './postings.ts'

/**
 * Scores one query against one shard: the sum over common terms of the product of weights. Whole numbers below 2^53, hence exact.
 *
 * @param terms The query's terms as numbers of the postings.
 * @param sums One per document, all zero before and after.
 * @param firstRow Row of the shard's first document in the collection.
 * @param ids The documents'.
 * @param best Is offered each document with a common term.
 */
export function scoreShard(
  terms: Uint32Array,
  weights: Uint16Array,
  postings: Postings,
  sums: Float64Array,
  firstRow: number,
  ids: readonly string[],
  best: Best,
): void {
  const { rows, starts, documents, weights: impacts } = postings
  let read = 0
  for (let i = 0; i < terms.length; i++) {
    const [from, end, weight] = [starts[terms[i]!]!, starts[terms[i]! + 1]!, weights[i]!]
    for (let at = from; at < end; at++) sums[documents[at]!]! += weight * impacts[at]!
    read += end - from
  }
  const take = (document: number) => {
    const sum = sums[document]!
    if (sum === 0) return
    sums[document] = 0
    if (sum >= best.least) best.offer(sum, firstRow + document, ids[document]!)
  }
  // Whichever meets fewer documents: all of the shard, or those of the lists once more.
  if (read >= rows) for (let document = 0; document < rows; document++) take(document)
  else
    for (const term of terms) for (let at = starts[term]!, end = starts[term + 1]!; at < end; at++) take(documents[at]!)
}
