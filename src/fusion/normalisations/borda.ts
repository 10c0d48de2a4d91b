import type { RankedList } from '../table.ts'

/**
 * Borda's points scaled to 0–1: 1 − (rank − 1) / candidates for the run's documents. Those that only other runs have get
 * the mean of what is left, so every run then has every candidate.
 */
export function bordaNorm(list: RankedList, candidates: readonly string[]): RankedList {
  const own = new Set(list.ids)
  const n = candidates.length
  const rest = candidates.filter((id) => !own.has(id))
  const scores = new Float64Array(n).fill(0.5 - (list.ids.length - 1) / (2 * n))
  for (let i = 0; i < list.ids.length; i++) scores[i] = 1 - i / n
  return { ids: [...list.ids, ...rest], scores }
}
