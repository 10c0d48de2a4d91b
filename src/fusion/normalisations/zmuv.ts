import type { RankedList } from '../table.ts'
import { FLOOR, scaled } from './scale.ts'

/** Zero mean, unit variance: (score − mean) / standard deviation (with n). */
export function zmuv(list: RankedList): RankedList {
  const n = list.scores.length
  const mean = list.scores.reduce((sum, score) => sum + score, 0) / n
  const variance = list.scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / n
  const divisor = Math.max(Math.sqrt(variance), FLOOR)
  return scaled(list, (score) => (score - mean) / divisor)
}
