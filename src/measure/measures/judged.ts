import { type JudgedRanking, UNJUDGED } from '../ranking.ts'

/**
 * Share of the first `cutoff` documents that have a judgment, whatever its grade; over those retrieved when they are
 * fewer, as ir_measures has it. 0 when nothing was retrieved.
 */
export function judgedShare(ranking: JudgedRanking, cutoff = Infinity): number {
  const end = Math.min(cutoff, ranking.grades.length)
  if (end === 0) return 0
  let judged = 0
  for (let i = 0; i < end; i++) if (ranking.grades[i]! !== UNJUDGED) judged++
  return judged / end
}
