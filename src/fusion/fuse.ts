import { FieldtrialError } from '../core/errors.ts'
import type { Run } from '../data/types.ts'
import { type FusionOptions, fusionOptions, parametersOf } from './options.ts'
import { combineTable, queryTable } from './query.ts'

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
  const fused: Run = new Map()
  for (const query of new Set(runs.flatMap((run) => [...run.keys()])))
    fused.set(query, combineTable(query, queryTable(query, runs, resolved), resolved, parameters))
  return fused
}
