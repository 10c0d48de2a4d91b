import type { JudgedRanking } from '../ranking.ts'

/**
 * Rank-biased precision with binary gains: (1 − p) · Σ p^(rank − 1) over the relevant documents within the cutoff.
 * Moffat and Zobel, "Rank-biased precision for measurement of retrieval effectiveness", TOIS 27 (2008).
 *
 * @param p persistence, 0 to 1: the chance that a user goes on to the next document.
 */
export function rbp(ranking: JudgedRanking, p: number, rel = 1, cutoff = Infinity): number {
  const end = Math.min(cutoff, ranking.grades.length)
  let weight = 1
  let sum = 0
  for (let i = 0; i < end; i++) {
    if (ranking.grades[i]! >= rel) sum += weight
    weight *= p
  }
  return (1 - p) * sum
}
