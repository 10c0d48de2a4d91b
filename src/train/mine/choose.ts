import type { Candidate, Drops } from './candidates.ts'
import type { NegativeFilter, Opinions } from './filter.ts'

/** A negative with what the filter thinks of it. */
export interface Chosen extends Candidate {
  readonly teacher: number | null
}

/** How a filter is asked about one query. */
export interface Asking {
  readonly filter: NegativeFilter
  readonly opinions: Opinions
  readonly positives: readonly string[]
}

/**
 * The first `count` candidates of an order, or the first that a filter leaves. It is asked about no more than are needed at a time.
 *
 * @param order Candidates in the order in which they are taken; with a filter, more than are wanted.
 * @returns Negatives by rank, and what the filter left out.
 */
export async function choose(
  order: readonly Candidate[],
  count: number,
  asking: Asking | null,
  signal?: AbortSignal,
): Promise<{ chosen: Chosen[]; drops: Drops }> {
  const byRank = (chosen: Chosen[]) => chosen.sort((a, b) => a.rank - b.rank)
  if (asking === null)
    return { chosen: byRank(order.slice(0, count).map((candidate) => ({ ...candidate, teacher: null }))), drops: {} }
  const { filter, opinions } = asking
  const positives = filter.scoresPositives
    ? (await opinions.of(asking.positives, signal)).filter((score) => score !== null)
    : []
  const chosen: Chosen[] = []
  const drops: Drops = {}
  for (let at = 0; chosen.length < count && at < order.length; ) {
    const some = order.slice(at, at + count - chosen.length)
    at += some.length
    const scores = await opinions.of(
      some.map(({ id }) => id),
      signal,
    )
    for (const [i, candidate] of some.entries()) {
      const verdict = filter.verdict(scores[i]!, positives)
      if (verdict === 'keep') chosen.push({ ...candidate, teacher: scores[i]! })
      else drops[verdict] = (drops[verdict] ?? 0) + 1
    }
  }
  return { chosen: byRank(chosen), drops }
}
