import type { Run } from '../../data/types.ts'
import { sorted } from '../query.ts'
import type { RankedList } from '../table.ts'
import type { RouteOptions } from './options.ts'
import { LIST_FEATURES, listFeatures, PAIR_FEATURES, pairFeatures } from './score-features.ts'
import { TEXT_FEATURES, textFeatures } from './text-features.ts'

const EMPTY: RankedList = { ids: [], scores: new Float64Array(0) }

/** All that a route looks at of one query. Never a judgment. */
export function queryFeatures(
  query: string,
  text: string,
  members: readonly Run[],
  features: RouteOptions['features'],
): number[] {
  const own = textFeatures(text)
  if (features === 'query') return own
  const lists = members.map((run) => sorted(run.get(query) ?? EMPTY, 'id'))
  return [
    ...own,
    ...lists.flatMap(listFeatures),
    ...pairsOf(lists.length).flatMap(([a, b]) => pairFeatures(lists[a]!, lists[b]!)),
  ]
}

/** Names of {@link queryFeatures}, member by number from 0. */
export function featureNames(members: number, features: RouteOptions['features']): string[] {
  if (features === 'query') return [...TEXT_FEATURES]
  return [
    ...TEXT_FEATURES,
    ...Array.from({ length: members }, (_, i) => LIST_FEATURES.map((name) => `${name} of ${i}`)).flat(),
    ...pairsOf(members).flatMap(([a, b]) => PAIR_FEATURES.map((name) => `${name} of ${a} and ${b}`)),
  ]
}

function pairsOf(count: number): [number, number][] {
  const pairs: [number, number][] = []
  for (let a = 0; a < count; a++) for (let b = a + 1; b < count; b++) pairs.push([a, b])
  return pairs
}
