import type { RankedList } from '../table.ts'
import { extremes, FLOOR, scaled } from './scale.ts'

/** (score − lowest) / (highest − lowest): 0 to 1. Equal scores all become 0. */
export function minMax(list: RankedList): RankedList {
  const { low, high } = extremes(list.scores)
  const range = Math.max(high - low, FLOOR)
  return scaled(list, (score) => (score - low) / range)
}

/** (highest − score) / (highest − lowest): for scores that are distances, where less is better. */
export function minMaxInverted(list: RankedList): RankedList {
  const { low, high } = extremes(list.scores)
  const range = Math.max(high - low, FLOOR)
  return scaled(list, (score) => (high - score) / range)
}
