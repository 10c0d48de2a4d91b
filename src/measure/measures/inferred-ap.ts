import { type JudgedRanking, NOT_GRADED, relevantCount, UNJUDGED } from '../ranking.ts'

const EPSILON = 0.00001

/**
 * Average precision inferred from a sampled pool: negative grades mark documents that were in the pool but not judged.
 * trec_eval's `infAP`. Yilmaz and Aslam, "Estimating average precision with incomplete and imperfect judgments", CIKM 2006.
 */
export function inferredAp(ranking: JudgedRanking, rel = 1): number {
  const relevant = relevantCount(ranking.levels, rel)
  if (relevant === 0) return 0
  let found = 0
  let nonRelevant = 0
  let pooled = 0
  let sum = 0
  for (let above = 0; above < ranking.grades.length; above++) {
    const grade = ranking.grades[above]!
    if (grade === UNJUDGED) continue
    if (grade === NOT_GRADED) pooled++
    else if (grade < rel) nonRelevant++
    else {
      sum += above === 0 ? 1 : expectedPrecision(above, found, nonRelevant, pooled)
      found++
    }
  }
  return sum / relevant
}

function expectedPrecision(above: number, found: number, nonRelevant: number, pooled: number): number {
  const inPool = (found + nonRelevant + pooled) / above
  const relevantInPool = (found + EPSILON) / (found + nonRelevant + 2 * EPSILON)
  return 1 / (above + 1) + (above / (above + 1)) * inPool * relevantInPool
}
