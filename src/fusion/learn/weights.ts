import { setImmediate as breathe } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Run } from '../../data/types.ts'
import { parametersOf, type ResolvedFusionOptions, weightedMethods } from '../options.ts'
import { queryTable } from '../query.ts'
import { methodOf } from '../registry.ts'
import { shuffled } from './folds.ts'
import type { Objective } from './objective.ts'
import { maximiseOnSimplex } from './simplex.ts'
import { topOf } from './top.ts'

/** Queries that weights are learned from at most: their tables are in memory at once, and more would hardly change the weights. */
export const MOST_QUERIES = 2000

/** Weights and what they were worth where they were learned. */
export interface LearnedWeights {
  /** One per member, not negative, summing to 1. */
  readonly weights: readonly number[]
  /** Mean of the measure over the queries learned from: too high by what was learned by heart. */
  readonly value: number
  /** Queries learned from. */
  readonly queries: number
}

/**
 * The weights of a fusion that give the highest mean of a measure over some queries.
 *
 * @param queries Those to learn from; of more than 2,000 a choice that depends on their ids alone.
 * @throws FieldtrialError `USAGE` for a method without weights; `DATA_INVALID` without queries; `CANCELLED`.
 */
export async function learnWeights(
  runs: readonly Run[],
  queries: readonly string[],
  options: ResolvedFusionOptions,
  objective: Objective,
  signal?: AbortSignal,
): Promise<LearnedWeights> {
  requireWeighted(options)
  const chosen = queries.length <= MOST_QUERIES ? queries : shuffled(queries, 0).slice(0, MOST_QUERIES)
  if (chosen.length === 0)
    throw new FieldtrialError('DATA_INVALID', 'There are no judged queries to learn the weights of a fusion from.', {
      hint: 'Learn on a split that has judgments.',
    })
  const tables = chosen.map((query) => ({ query, table: queryTable(query, runs, options) }))
  const { combine } = methodOf(options.method)
  const plain = parametersOf(options, runs.length)
  const { weights, value } = await maximiseOnSimplex(runs.length, async (weights) => {
    throwIfAborted(signal)
    await breathe()
    const parameters = { ...plain, weights }
    let sum = 0
    for (const { query, table } of tables)
      sum += objective.gain(query, topOf(table.ids, combine(table, parameters), objective.cutoff))
    return sum / tables.length
  })
  return { weights, value, queries: chosen.length }
}

/** @throws FieldtrialError `USAGE` for a method whose members have no weights. */
export function requireWeighted({ method }: { readonly method: ResolvedFusionOptions['method'] }): void {
  if (methodOf(method).weighted) return
  throw new FieldtrialError('USAGE', `The fusion method ${method} has no weights that could be learned.`, {
    hint: `Those that have: ${weightedMethods().join(', ')}.`,
  })
}
