/**
 * Kendall's tau-b (Kendall 1945): agreement of two rankings of the same items, ties allowed; as scipy's `kendalltau`. Every pair is
 * looked at: meant for tens of retrievers, not for rankings of documents.
 *
 * @param a Scores of the items in one ranking.
 * @param b Scores of the same items, in the same order, in the other one.
 * @returns −1 (opposite) to 1 (the same); null where one ranking ties all items, or there are fewer than two.
 */
export function kendallTau(a: readonly number[], b: readonly number[]): number | null {
  let agree = 0
  let untiedA = 0
  let untiedB = 0
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const inA = Math.sign(a[i]! - a[j]!)
      const inB = Math.sign(b[i]! - b[j]!)
      agree += inA * inB
      untiedA += inA * inA
      untiedB += inB * inB
    }
  return untiedA === 0 || untiedB === 0 ? null : agree / Math.sqrt(untiedA * untiedB)
}
