import { setImmediate as breathe } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Ranking, Run } from '../../data/types.ts'
import { shuffled } from '../learn/folds.ts'
import type { LearningNode } from '../learn/node.ts'
import type { FusionData } from '../learn/predict.ts'
import { divisionsWithin, lattice } from '../learn/simplex.ts'
import { topOf } from '../learn/top.ts'
import { MOST_QUERIES, requireWeighted } from '../learn/weights.ts'
import { parametersOf } from '../options.ts'
import { combineTable, queryTable, sorted } from '../query.ts'
import { methodOf } from '../registry.ts'
import type { Table } from '../table.ts'
import { queryFeatures } from './features.ts'
import { bestOf, meanWorth, type RouteData, routedWorth } from './regression.ts'
import { fitRidge } from './ridge.ts'
import { fitStumps } from './stumps.ts'

type RouteNode = LearningNode & { readonly kind: 'route' }

/** Weights that a route chooses from at most. */
const MOST_CHOICES = 21
const FINEST = 10

/** What a router found where it was fitted. */
export interface RouterReport {
  /** The weights of the members that each choice stands for; a member alone has weight 1. */
  readonly choices: readonly (readonly number[])[]
  /** E.g. `ridge, penalty 10`. */
  readonly strength: string
  /** Queries learned from. */
  readonly queries: number
  /** The choice that is best on average there, and what it is worth. */
  readonly constant: number
  readonly constantValue: number
  /** What the best choice for each query would be worth there. */
  readonly oracleValue: number
  /** What the router's own choices are worth there: too high by what was learned by heart. */
  readonly routedValue: number
}

export interface Router {
  readonly report: RouterReport
  /** The choice for a query, by its features, and the ranking by it. */
  rank(query: string, members: readonly Run[], depth: number | undefined): { choice: number; ranking: Ranking }
}

/**
 * Learns which member, or which weights, are best for which queries.
 *
 * @param train Queries to learn from; of more than 2,000 a choice that depends on their ids alone.
 * @throws FieldtrialError `DATA_INVALID` without queries; `CANCELLED`.
 */
export async function fitRouter(
  node: RouteNode,
  members: readonly Run[],
  train: readonly string[],
  { objective, text, terms, work }: Pick<FusionData, 'objective' | 'text' | 'terms' | 'work'>,
): Promise<Router> {
  const { route } = node
  const chosen = train.length <= MOST_QUERIES ? train : shuffled(train, 0).slice(0, MOST_QUERIES)
  if (chosen.length === 0)
    throw new FieldtrialError('DATA_INVALID', 'There are no judged queries to learn a route from.', {
      hint: 'Learn on a split that has judgments.',
    })
  const choices = choicesOf(node, members.length)
  const featuresOf = (query: string, runs: readonly Run[]) =>
    queryFeatures(query, text(query), runs, route.features, terms?.(query))
  const data: { features: number[][]; worth: number[][] } = { features: [], worth: [] }
  for (const query of chosen) {
    throwIfAborted(work.signal)
    if (data.features.length % 50 === 0) await breathe()
    data.features.push(featuresOf(query, members))
    const rank = ranker(node, query, members)
    data.worth.push(choices.map((weights) => objective.gain(query, rank(weights, objective.cutoff))))
  }
  const regression = (route.model === 'ridge' ? fitRidge : fitStumps)(data satisfies RouteData)
  const means = meanWorth(data.worth)
  const constant = bestOf(means)
  const choose = (query: string, runs: readonly Run[]) => bestOf(regression.predict(featuresOf(query, runs)))
  return {
    report: {
      choices,
      strength: regression.strength,
      queries: chosen.length,
      constant,
      constantValue: means[constant]!,
      routedValue: routedWorth(
        data.features.map((row) => regression.predict(row)),
        data.worth,
      ),
      oracleValue: data.worth.reduce((sum, row) => sum + Math.max(...row), 0) / data.worth.length,
    },
    rank(query, runs, depth) {
      const choice = choose(query, runs)
      return { choice, ranking: ranker(node, query, runs)(choices[choice]!, depth ?? null) }
    },
  }
}

function choicesOf(node: RouteNode, members: number): number[][] {
  if (node.route.to === 'member')
    return Array.from({ length: members }, (_, i) => Array.from({ length: members }, (_, j) => (i === j ? 1 : 0)))
  requireWeighted(node.options)
  const divisions = divisionsWithin(members, MOST_CHOICES, FINEST)
  return lattice(members, divisions).map((point) => point.map((x) => x / divisions))
}

const EMPTY: Ranking = { ids: [], scores: new Float64Array(0) }

/** One query's ranking by weights: a member as it is where it has all the weight, else the weighted combination. */
function ranker({ options }: RouteNode, query: string, members: readonly Run[]) {
  const parameters = parametersOf(options, members.length)
  let made: Table | undefined
  return (weights: readonly number[], depth: number | null): Ranking => {
    const alone = weights.indexOf(1)
    if (alone >= 0) {
      const { ids, scores } = sorted(members[alone]!.get(query) ?? EMPTY, 'id')
      return depth === null ? { ids, scores } : { ids: ids.slice(0, depth), scores: scores.slice(0, depth) }
    }
    // Alike for all weights, and most of the work.
    made ??= queryTable(query, members, options)
    if (depth === null) return combineTable(query, made, options, { ...parameters, weights })
    return topOf(made.ids, methodOf(options.method).combine(made, { ...parameters, weights }), depth)
  }
}
