import { compareIds } from '../../data/id-order.ts'
import type { Ranking } from '../../data/types.ts'
import { sorted } from '../query.ts'

/**
 * The first `count` documents, best first, ties by id descending (bytes): what sorting all and cutting gives, at the cost of one look at
 * each document.
 *
 * @param count Null: all.
 */
export function topOf(ids: readonly string[], scores: Float64Array, count: number | null): Ranking {
  if (count === null || count >= ids.length) return sorted({ ids, scores }, 'id')
  const best: number[] = []
  const ahead = (a: number, b: number) => scores[a]! - scores[b]! || compareIds(ids[a]!, ids[b]!)
  for (let row = 0; row < scores.length; row++) {
    if (best.length === count && ahead(row, best[count - 1]!) <= 0) continue
    let at = Math.min(best.length, count - 1)
    while (at > 0 && ahead(row, best[at - 1]!) > 0) {
      best[at] = best[at - 1]!
      at--
    }
    best[at] = row
  }
  return { ids: best.map((row) => ids[row]!), scores: Float64Array.from(best, (row) => scores[row]!) }
}
