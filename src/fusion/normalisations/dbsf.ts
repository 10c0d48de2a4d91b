import type { RankedList } from '../table.ts'
import { FLOOR, scaled } from './scale.ts'

/**
 * Distribution-based: (score − (mean − 3σ)) / 6σ, σ with n. Scores of a bell-shaped list come to lie between 0 and 1, and one that stands
 * out keeps its lead, since nothing is clipped. Equal scores, and the score of a single document, become 0.5. Mazzeschi, "Distribution-based
 * score fusion" (2023); the same as Qdrant's but for σ, which there is taken with n − 1.
 */
export function dbsfNorm(list: RankedList): RankedList {
  const n = list.scores.length
  const mean = list.scores.reduce((sum, score) => sum + score, 0) / n
  const sigma = Math.sqrt(list.scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / n)
  return scaled(list, (score) => (sigma < FLOOR ? 0.5 : (score - mean) / (6 * sigma) + 0.5))
}
