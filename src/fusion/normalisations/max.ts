import type { RankedList } from '../table.ts'
import { extremes, FLOOR, scaled } from './scale.ts'

/** score / highest. Meant for scores above zero: a highest score of zero or less counts as 1e-9, as in ranx. */
export function maxNorm(list: RankedList): RankedList {
  const divisor = Math.max(extremes(list.scores).high, FLOOR)
  return scaled(list, (score) => score / divisor)
}
