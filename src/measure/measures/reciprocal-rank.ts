import type { JudgedRanking } from '../ranking.ts'

/** One over the rank of the first relevant document, 0 if there is none within the cutoff. trec_eval's `recip_rank` has no cutoff; MS MARCO's MRR@10 has 10. */
export function reciprocalRank(ranking: JudgedRanking, rel = 1, cutoff = Infinity): number {
  const end = Math.min(cutoff, ranking.grades.length)
  for (let i = 0; i < end; i++) if (ranking.grades[i]! >= rel) return 1 / (i + 1)
  return 0
}
