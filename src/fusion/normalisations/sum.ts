import type { RankedList } from '../table.ts'
import { extremes, FLOOR, scaled } from './scale.ts'

/** (score − lowest) over the sum of all such: the list sums to 1. */
export function sumNorm(list: RankedList): RankedList {
  const { low } = extremes(list.scores)
  const total = list.scores.reduce((sum, score) => sum + score, 0)
  const divisor = Math.max(total - low * list.scores.length, FLOOR)
  return scaled(list, (score) => (score - low) / divisor)
}
