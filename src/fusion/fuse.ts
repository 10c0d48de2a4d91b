import { FieldtrialError } from '../core/errors.ts'
import { rankOrder } from '../data/id-order.ts'
import { requireSound } from '../data/sound-ranking.ts'
import type { Ranking, Run } from '../data/types.ts'
import { type FusionOptions, fusionOptions, parametersOf } from './options.ts'
import { methodOf, normaliserOf } from './registry.ts'
import { candidatesOf, type RankedList, tableOf } from './table.ts'

/**
 * Makes one run out of several, query by query: each run's documents are ranked by score, their scores normalised, and
 * the method combines them. Methods on ranks rank by the normalised scores.
 *
 * The result has every query that any run has, best document first, ties by id descending (bytes). A run without a query
 * counts as one that found nothing for it, because a TREC file says so by having no lines (ranx refuses such runs).
 * Equal to ranx 0.3.21 for all its methods and normalisations where ranx itself is repeatable.
 *
 * @throws FieldtrialError `USAGE` for options that do not fit each other or the runs, `DATA_INVALID` for a document that
 * stands twice in a ranking, and for scores that are NaN or give NaN (infinite ones cannot be normalised)
 */
export function fuse(runs: readonly Run[], options: FusionOptions): Run {
  const resolved = fusionOptions(options)
  if (runs.length < 2)
    throw new FieldtrialError(
      'USAGE',
      `A fusion needs two runs or more; there ${runs.length === 1 ? 'is one' : 'are none'}.`,
      {
        hint: 'Name at least two retrievers or run files.',
      },
    )
  const parameters = parametersOf(resolved, runs.length)
  const normalise = normaliserOf(resolved.normalisation ?? 'none')
  const { combine, looksAt } = methodOf(resolved.method)
  const fused: Run = new Map()
  for (const query of new Set(runs.flatMap((run) => [...run.keys()]))) {
    const lists = runs.map((run) => cut(ranked(query, run.get(query), resolved.ties ?? 'id'), looksAt))
    const candidates = candidatesOf(lists)
    // An inverted or filled-up list is in another order than before.
    const normalised = lists.map((list) => sorted(normalise(list, candidates), resolved.ties ?? 'id'))
    const scores = combine(tableOf(normalised, candidates), parameters)
    const broken = scores.findIndex(Number.isNaN)
    if (broken >= 0) throw notFinite(query, candidates[broken]!)
    fused.set(query, cut(sorted({ ids: candidates, scores }, 'id'), resolved.depth))
  }
  return fused
}

function ranked(query: string, ranking: Ranking | undefined, ties: 'id' | 'given'): RankedList {
  if (!ranking) return { ids: [], scores: new Float64Array(0) }
  requireSound(query, ranking)
  return sorted(ranking, ties)
}

function sorted(list: RankedList, ties: 'id' | 'given'): RankedList {
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
