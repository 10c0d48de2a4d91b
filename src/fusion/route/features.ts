import type { Run } from '../../data/types.ts'
import { sorted } from '../query.ts'
import type { RankedList } from '../table.ts'
import type { RouteOptions } from './options.ts'
import { listFeatures, pairFeatures } from './score-features.ts'
import { textFeatures } from './text-features.ts'

const EMPTY: RankedList = { ids: [], scores: new Float64Array(0) }

/**
 * All that a route looks at of one query. Never a judgment.
 *
 * @param terms Of the query's terms, as `termFeatures` gives them; empty where no collection's statistics are at hand.
 */
export function queryFeatures(
  query: string,
  text: string,
  members: readonly Run[],
  features: RouteOptions['features'],
  terms: readonly number[] = [],
): number[] {
  const own = [...textFeatures(text), ...terms]
  if (features === 'query') return own
  const lists = members.map((run) => sorted(run.get(query) ?? EMPTY, 'id'))
  return [
    ...own,
    ...lists.flatMap(listFeatures),
    ...pairsOf(lists.length).flatMap(([a, b]) => pairFeatures(lists[a]!, lists[b]!)),
  ]
}

function pairsOf(count: number): [number, number][] {
  const pairs: [number, number][] = []
  for (let a = 0; a < count; a++) for (let b = a + 1; b < count; b++) pairs.push([a, b])
  return pairs
}
