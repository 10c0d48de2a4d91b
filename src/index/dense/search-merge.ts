import { FieldtrialError } from '../../core/errors.ts'
import { compareIds } from '../../data/id-order.ts'
import type { Ranking } from '../../data/types.ts'
import type { Found } from './search-messages.ts'

/**
 * Merges what several threads found in different documents: the k best of each query by score descending, ties by id descending.
 *
 * @throws FieldtrialError `ENGINE_FAILED` if scores overflow float32.
 */
export function mergeFound(parts: readonly Found[], count: number, k: number): Ranking[] {
  return Array.from({ length: count }, (_, query) => mergeQuery(parts, query, k))
}

/** What is left of one thread's list. */
interface Rest {
  readonly part: Found
  at: number
  readonly end: number
}

const scoreOf = ({ part, at }: Rest) => part.scores[at]!
const idOf = ({ part, at }: Rest) => part.ids.get(part.rows[at]!)!

function mergeQuery(parts: readonly Found[], query: number, k: number): Ranking {
  const rests: Rest[] = []
  for (const part of parts) {
    const [from, end] = [query * k, query * k + part.sizes[query]!]
    if (part.scores.subarray(from, end).some(Number.isNaN)) throw overflow(query)
    if (end > from) rests.push({ part, at: from, end })
  }
  const ids: string[] = []
  const scores: number[] = []
  while (ids.length < k && rests.length > 0) {
    let first = 0
    for (let i = 1; i < rests.length; i++) if (isAhead(rests[i]!, rests[first]!)) first = i
    const best = rests[first]!
    const score = scoreOf(best)
    if (!Number.isFinite(score)) throw overflow(query)
    ids.push(idOf(best))
    scores.push(score)
    if (++best.at === best.end) rests.splice(first, 1)
  }
  return { ids, scores: Float64Array.from(scores) }
}

function isAhead(one: Rest, other: Rest): boolean {
  const difference = scoreOf(one) - scoreOf(other)
  return difference === 0 ? compareIds(idOf(one), idOf(other)) > 0 : difference > 0
}

function overflow(query: number): FieldtrialError {
  return new FieldtrialError('ENGINE_FAILED', `The scores of query ${query} overflow float32.`, {
    hint: 'Normalise the vectors, or compare them by cosine.',
  })
}
