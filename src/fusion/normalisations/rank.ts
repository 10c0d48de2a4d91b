import type { RankedList } from '../table.ts'

/** 1 for the first document, then evenly down: 1 − (rank − 1) / length. The scores themselves do not matter. */
export function rankNorm(list: RankedList): RankedList {
  const n = list.ids.length
  return { ids: list.ids, scores: Float64Array.from(list.ids, (_, i) => 1 - i / n) }
}
