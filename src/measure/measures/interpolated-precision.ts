import { type JudgedRanking, relevantCount } from '../ranking.ts'

const ELEVEN = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

/**
 * Interpolated precision at recall points: the highest precision at any rank from the one on where the recall is
 * reached. The number of relevant documents that a recall asks for is floor(recall · R + 0.9), trec_eval's historical
 * rounding (`iprec_at_recall` up to version 9.0). trec_eval cannot see an empty ranking in a file and divides zero by
 * zero when given one; here it counts 0.
 *
 * @param points recalls, ascending.
 */
export function interpolatedPrecision(ranking: JudgedRanking, points: readonly number[], rel = 1): number[] {
  const { grades } = ranking
  const relevant = relevantCount(ranking.levels, rel)
  const values = points.map(() => 0)
  let found = 0
  for (const grade of grades) if (grade >= rel) found++
  const wanted = points.map((recall) => Math.trunc(recall * relevant + 0.9))
  let point = points.length - 1
  while (point >= 0 && wanted[point]! > found) point--
  let best = grades.length === 0 ? 0 : found / grades.length
  for (let i = grades.length; i > 0 && found > 0; i--) {
    best = Math.max(best, found / i)
    if (grades[i - 1]! < rel) continue
    while (point >= 0 && wanted[point] === found) values[point--] = best
    found--
  }
  while (point >= 0) values[point--] = best
  return values
}

/** Mean of the interpolated precision at recall 0, 0.1 … 1: trec_eval's `11pt_avg`. */
export function elevenPointAverage(ranking: JudgedRanking, rel = 1): number {
  return interpolatedPrecision(ranking, ELEVEN, rel).reduce((sum, value) => sum + value, 0) / ELEVEN.length
}
