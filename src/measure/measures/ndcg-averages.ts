import { type JudgedRanking, relevantCount } from '../ranking.ts'
import { logDiscounts } from './ndcg.ts'

/**
 * nDCG averaged over the relevant documents (positive grade): at the rank of each one retrieved, and at the end of the
 * ranking against the whole ideal for those that were not. trec_eval's experimental `ndcg_rel`.
 */
export function ndcgAtRelevant(ranking: JudgedRanking): number {
  const total = relevantCount(ranking.levels, 1)
  if (total === 0) return 0
  const { dcg, ideal } = cumulated(ranking)
  const lastIdeal = ideal[ideal.length - 1]!
  const lastDcg = dcg.length === 0 ? 0 : dcg[dcg.length - 1]!
  let found = 0
  let sum = 0
  for (let i = 0; i < ranking.grades.length; i++) {
    if (ranking.grades[i]! <= 0) continue
    found++
    sum += dcg[i]! / (ideal[i] ?? lastIdeal)
  }
  return (sum + ((total - found) * lastDcg) / lastIdeal) / total
}

/**
 * nDCG averaged over the ranks where the ideal gain falls to a lower grade, and the end of the ranking when that lies
 * behind all of them. trec_eval's experimental `Rndcg`.
 */
export function ndcgAtLevels(ranking: JudgedRanking, rel = 1): number {
  if (relevantCount(ranking.levels, rel) === 0) return 0
  const { dcg, ideal } = cumulated(ranking)
  const retrieved = dcg.length
  const lastDcg = retrieved === 0 ? 0 : dcg[retrieved - 1]!
  let sum = 0
  let points = 0
  let end = 0
  for (let level = 0; level < ranking.levels.grades.length; level++) {
    if (ranking.levels.grades[level]! <= 0) break
    end += ranking.levels.counts[level]!
    sum += (end <= retrieved ? dcg[end - 1]! : lastDcg) / ideal[end - 1]!
    points++
  }
  // trec_eval looks at a rank only once it steps onto it: with as many retrieved as ideal documents there is no end behind.
  if (retrieved > end + 1) {
    sum += lastDcg / ideal[end - 1]!
    points++
  }
  return sum / points
}

/** DCG after each rank retrieved, and ideal DCG after each of the ideal documents. */
function cumulated({ grades, levels }: JudgedRanking): { dcg: Float64Array; ideal: Float64Array } {
  const total = relevantCount(levels, 1)
  const discount = logDiscounts(Math.max(grades.length, total))
  const dcg = new Float64Array(grades.length)
  let sum = 0
  for (let i = 0; i < grades.length; i++) {
    if (grades[i]! > 0) sum += grades[i]! / discount[i]!
    dcg[i] = sum
  }
  const ideal = new Float64Array(total)
  let rank = 0
  let best = 0
  for (let level = 0; level < levels.grades.length && levels.grades[level]! > 0; level++)
    for (let n = levels.counts[level]!; n > 0; n--) {
      best += levels.grades[level]! / discount[rank]!
      ideal[rank++] = best
    }
  return { dcg, ideal }
}
