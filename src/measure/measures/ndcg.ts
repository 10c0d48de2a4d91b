import type { JudgedRanking } from '../ranking.ts'

/** `log2`: the gain is the grade itself (Järvelin and Kekäläinen 2002, trec_eval). `exp-log2`: 2^grade − 1 (Burges et al. 2005, gdeval). */
export type DcgForm = 'log2' | 'exp-log2'

export interface NdcgOptions {
  /** Ranks counted; default all. */
  readonly cutoff?: number
  readonly dcg?: DcgForm
  /** Grade → gain; grades that are not named keep their own. Negative gains count as they stand. */
  readonly gains?: ReadonlyMap<number, number>
}

let discounts = new Float64Array(0)

/** log2(rank + 1) at index rank − 1. */
export function logDiscounts(length: number): Float64Array {
  if (discounts.length < length) {
    const start = discounts.length
    const longer = new Float64Array(Math.max(length, 1024, start * 2))
    longer.set(discounts)
    for (let i = start; i < longer.length; i++) longer[i] = Math.log2(i + 2)
    discounts = longer
  }
  return discounts
}

/** What a document of a grade gains before the discount. */
export function gainOf(grade: number, options: NdcgOptions): number {
  const gain = options.gains?.get(grade) ?? grade
  return options.dcg === 'exp-log2' ? 2 ** gain - 1 : gain
}

/**
 * Normalised discounted cumulative gain, discount log2(rank + 1), as trec_eval's `ndcg` and `ndcg_cut`: unjudged and
 * negative grades gain nothing, the ideal ranking holds all judged documents of positive gain, also beyond those
 * retrieved. Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20 (2002).
 *
 * @returns 0 when no judged document has a positive gain.
 */
export function ndcg(ranking: JudgedRanking, options: NdcgOptions = {}): number {
  const cutoff = options.cutoff ?? Infinity
  const { grades, levels } = ranking
  const end = Math.min(cutoff, grades.length)
  const judged = levels.counts.reduce((sum, count) => sum + count, 0)
  const discount = logDiscounts(Math.max(end, Math.min(cutoff, judged)))
  // A lookup for each level is cheaper than working the gain out at each rank.
  const gains = levels.grades.map((grade) => gainOf(grade, options))
  const plain = options.gains === undefined && options.dcg !== 'exp-log2'
  let dcg = 0
  for (let i = 0; i < end; i++) {
    const grade = grades[i]!
    if (grade < 0) continue
    const gain = plain ? grade : gains[levels.grades.indexOf(grade)]!
    if (gain !== 0) dcg += gain / discount[i]!
  }
  const ideal = idealDcg(gains, levels.counts, cutoff, discount)
  return ideal > 0 ? dcg / ideal : 0
}

/** DCG of the best ranking of the judged documents. @param counts How many there are of each gain. */
export function idealDcg(
  gains: readonly number[],
  counts: readonly number[],
  cutoff: number,
  discount: Float64Array,
): number {
  const order = gains.map((_, i) => i).sort((a, b) => gains[b]! - gains[a]!)
  let sum = 0
  let rank = 0
  for (const level of order) {
    const gain = gains[level]!
    if (gain <= 0) break
    for (let n = counts[level]!; n > 0 && rank < cutoff; n--) sum += gain / discount[rank++]!
  }
  return sum
}
