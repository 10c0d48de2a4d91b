import { setImmediate as breathe } from 'node:timers/promises'
import { throwIfAborted } from '../../core/errors.ts'
import { compareIds } from '../../data/id-order.ts'
import type { Ranking } from '../../data/types.ts'
import type { Found } from './messages.ts'

/** Queries merged before the event loop gets a turn. */
const STEP = 64

/**
 * Merges what several threads found in different documents: the k best of each query by score descending, ties by id descending.
 *
 * @throws FieldtrialError `CANCELLED`.
 */
export async function mergeFound(
  parts: readonly Found[],
  count: number,
  k: number,
  signal: AbortSignal | undefined,
): Promise<Ranking[]> {
  const rankings: Ranking[] = []
  for (let query = 0; query < count; query++) {
    if (query % STEP === STEP - 1) {
      await breathe()
      throwIfAborted(signal)
    }
    rankings.push(mergeQuery(parts, query, k))
  }
  return rankings
}

function mergeQuery(parts: readonly Found[], query: number, k: number): Ranking {
  const next = parts.map(({ offsets }) => offsets[query]!)
  const left = parts.reduce((sum, { offsets }, i) => sum + offsets[query + 1]! - next[i]!, 0)
  const ids: string[] = []
  const scores = new Float64Array(Math.min(k, left))
  for (let rank = 0; rank < scores.length; rank++) {
    let best = -1
    let score = 0
    let id = ''
    for (const [i, part] of parts.entries()) {
      const at = next[i]!
      if (at === part.offsets[query + 1]! || part.scores[at]! < score) continue
      const name = part.ids.get(part.rows[at]!)!
      if (part.scores[at] === score && compareIds(name, id) < 0) continue
      best = i
      score = part.scores[at]!
      id = name
    }
    next[best]!++
    ids.push(id)
    scores[rank] = score
  }
  return { ids, scores }
}
