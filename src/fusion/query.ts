import { FieldtrialError } from '../core/errors.ts'
import { rankOrder } from '../data/id-order.ts'
import { requireSound } from '../data/sound-ranking.ts'
import type { Ranking, Run } from '../data/types.ts'
import type { ResolvedFusionOptions } from './options.ts'
import { type MethodParameters, methodOf, normaliserOf } from './registry.ts'
import { candidatesOf, type RankedList, type Table, tableOf } from './table.ts'

/** One query's documents out of all runs, scores made comparable: what a method combines, whatever the weights. */
export function queryTable(query: string, runs: readonly Run[], options: ResolvedFusionOptions): Table {
  const { looksAt } = methodOf(options.method)
  const ties = options.ties ?? 'id'
  const lists = runs.map((run) => cut(ranked(query, run.get(query), ties), looksAt))
  const candidates = candidatesOf(lists)
  const normalise = normaliserOf(options.normalisation)
  // An inverted or filled-up list is in another order than before.
  const normalised = lists.map((list) => sorted(normalise(list, candidates), ties))
  return tableOf(normalised, candidates)
}

/**
 * The fused ranking of one query, best document first, ties by id descending (bytes).
 *
 * @throws FieldtrialError `DATA_INVALID` for a score that comes out as NaN.
 */
export function combineTable(
  query: string,
  table: Table,
  options: ResolvedFusionOptions,
  parameters: MethodParameters & { readonly weights: readonly number[] },
): Ranking {
  const scores = methodOf(options.method).combine(table, parameters)
  const broken = scores.findIndex(Number.isNaN)
  if (broken >= 0) throw notFinite(query, table.ids[broken]!)
  return cut(sorted({ ids: table.ids, scores }, 'id'), options.depth)
}

function ranked(query: string, ranking: Ranking | undefined, ties: 'id' | 'given'): RankedList {
  if (!ranking) return { ids: [], scores: new Float64Array(0) }
  requireSound(query, ranking)
  return sorted(ranking, ties)
}

/** Best score first. */
export function sorted(list: RankedList, ties: 'id' | 'given'): RankedList {
  const { ids, scores } = list
  const order = ties === 'id' ? rankOrder(ids, scores, 'float64') : givenOrder(scores)
  if (order === null) return list
  return { ids: Array.from(order, (at) => ids[at]!), scores: Float64Array.from(order, (at) => scores[at]!) }
}

/** Score descending; equal ones stay in their order. */
function givenOrder(scores: Float64Array): Uint32Array | null {
  let i = 1
  while (i < scores.length && scores[i - 1]! >= scores[i]!) i++
  if (i >= scores.length) return null
  return Uint32Array.from(scores, (_, at) => at).sort((a, b) => scores[b]! - scores[a]! || a - b)
}

function cut({ ids, scores }: RankedList, depth: number | undefined): Ranking {
  if (depth === undefined || ids.length <= depth) return { ids, scores }
  return { ids: ids.slice(0, depth), scores: scores.slice(0, depth) }
}

function notFinite(query: string, id: string): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', `The fused score of the document ${id} for the query ${query} is NaN.`, {
    hint: 'Infinite scores cannot be normalised; look for them in the runs.',
  })
}
