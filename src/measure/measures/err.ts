import { FieldtrialError } from '../../core/errors.ts'
import type { JudgedRanking } from '../ranking.ts'

/**
 * Expected reciprocal rank: a user stops at a document with chance (2^grade − 1) / 2^maxGrade. Chapelle et al.,
 * "Expected reciprocal rank for graded relevance", CIKM 2009.
 *
 * @param maxGrade the highest grade of the judgments' scale; 4 is what TREC's gdeval takes for granted.
 * @throws FieldtrialError `USAGE` when a judgment is higher.
 */
export function expectedReciprocalRank(ranking: JudgedRanking, maxGrade = 4, cutoff = Infinity): number {
  const highest = ranking.levels.grades[0] ?? 0
  if (highest > maxGrade)
    throw new FieldtrialError(
      'USAGE',
      `ERR reckons with grades up to ${maxGrade}, but a judgment has grade ${highest}.`,
      {
        hint: `Ask for ERR(max_rel=${highest}) with the highest grade of the scale.`,
      },
    )
  const end = Math.min(cutoff, ranking.grades.length)
  let goesOn = 1
  let sum = 0
  for (let i = 0; i < end; i++) {
    const grade = ranking.grades[i]!
    if (grade <= 0) continue
    const stops = (2 ** grade - 1) / 2 ** maxGrade
    sum += (goesOn * stops) / (i + 1)
    goesOn *= 1 - stops
  }
  return sum
}
