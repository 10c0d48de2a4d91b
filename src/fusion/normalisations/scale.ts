import type { RankedList } from '../table.ts'

/** Lowest divisor, as in ranx: what is narrower than this counts as one point. */
export const FLOOR = 1e-9

export function scaled(list: RankedList, scale: (score: number) => number): RankedList {
  return { ids: list.ids, scores: list.scores.map(scale) }
}

/** Lowest and highest score; zeros for an empty list. */
export function extremes(scores: Float64Array): { low: number; high: number } {
  if (scores.length === 0) return { low: 0, high: 0 }
  let low = Infinity
  let high = -Infinity
  for (const score of scores) {
    if (score < low) low = score
    if (score > high) high = score
  }
  return { low, high }
}
