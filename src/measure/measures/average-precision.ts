import { type JudgedRanking, relevantCount } from '../ranking.ts'

/**
 * Average precision: the precision at each relevant document retrieved within the cutoff, summed and divided by the
 * number of all relevant documents (also under a cutoff), as trec_eval's `map` and `map_cut`.
 */
export function averagePrecision(ranking: JudgedRanking, rel = 1, cutoff = Infinity): number {
  const relevant = relevantCount(ranking.levels, rel)
  if (relevant === 0) return 0
  const end = Math.min(cutoff, ranking.grades.length)
  let found = 0
  let sum = 0
  for (let i = 0; i < end; i++) {
    if (ranking.grades[i]! < rel) continue
    found++
    sum += found / (i + 1)
  }
  return sum / relevant
}
