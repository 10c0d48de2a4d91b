import { type GradeLevels, type JudgedRanking, relevantCount } from '../ranking.ts'

/**
 * trec_eval's experimental `G` (Buckley 2008): each document's gain over log2(2 + cost − gains so far), where the cost
 * grows by the ideal gain of the rank, at least 1; the sum over the ideal sum.
 */
export function normalisedGain(ranking: JudgedRanking): number {
  const ideal = idealTotal(ranking.levels)
  if (ideal === 0) return 0
  let level = 0
  let left = ranking.levels.counts[0] ?? 0
  let cost = 0
  let gained = 0
  let sum = 0
  for (const grade of ranking.grades) {
    while (left === 0 && level < ranking.levels.grades.length) left = ranking.levels.counts[++level] ?? 0
    left--
    cost += Math.max(1, ranking.levels.grades[level] ?? 0)
    if (grade <= 0) continue
    gained += grade
    sum += grade / Math.log2(2 + cost - gained)
  }
  return sum / ideal
}

function idealTotal(levels: GradeLevels): number {
  return levels.grades.reduce((sum, grade, i) => sum + grade * levels.counts[i]!, 0)
}

/** `G` with gains of 0 and 1: the mean over the relevant documents of 1 / log2(2 + non-relevant ones above), trec_eval's `binG`. */
export function binaryGain(ranking: JudgedRanking, rel = 1): number {
  const relevant = relevantCount(ranking.levels, rel)
  if (relevant === 0) return 0
  let found = 0
  let sum = 0
  for (let i = 0; i < ranking.grades.length; i++) {
    if (ranking.grades[i]! < rel) continue
    found++
    sum += 1 / Math.log2(3 + i - found)
  }
  return sum / relevant
}
