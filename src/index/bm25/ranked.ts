import { compareIds } from '../../data/id-order.ts'

/** Documents with scores, best first; ties by id ascending (bytes). */
export interface Ranked {
  readonly ids: string[]
  readonly scores: Float64Array
}

/** The first k of two rankings put together. */
export function mergeRanked(a: Ranked, b: Ranked, k: number): Ranked {
  if (a.ids.length === 0) return b
  if (b.ids.length === 0) return a
  const size = Math.min(k, a.ids.length + b.ids.length)
  const ids: string[] = []
  const scores = new Float64Array(size)
  let i = 0
  let j = 0
  while (ids.length < size) {
    const order = i >= a.ids.length ? 1 : j >= b.ids.length ? -1 : b.scores[j]! - a.scores[i]!
    const first = order < 0 || (order === 0 && compareIds(a.ids[i]!, b.ids[j]!) < 0)
    scores[ids.length] = first ? a.scores[i]! : b.scores[j]!
    ids.push(first ? a.ids[i++]! : b.ids[j++]!)
  }
  return { ids, scores }
}
