import type { SpaceComparisonResult, StudyResults } from '../../study/results.ts'
import { formatCount, formatScore, formatShare } from '../format.ts'

/** A space held against another one of the same study. */
export interface ComparedSpace {
  readonly retriever: string
  readonly collection: string
  readonly comparison: SpaceComparisonResult
  /** Mean of the retriever less that of the other, of the measure asked for; not tested. */
  readonly difference: number | null
}

/** Why a space is compared with that one, in words. */
export const WHY: Readonly<Record<SpaceComparisonResult['why'], string>> = {
  ancestor: 'the model that it descends from',
  recipe: 'the same model under its first recipe',
  model: 'the study’s first model under the same recipe',
}

export interface ComparisonColumn {
  readonly label: string
  readonly meaning: string
  text(compared: ComparedSpace): string
}

/** None of them has a good direction: a space may be better for being another one. */
export const COMPARISON_COLUMNS: readonly ComparisonColumn[] = [
  {
    label: 'CKA',
    meaning:
      'Likeness of the two spaces up to rotation and scale, from 0, nothing in common, to 1. It rises by itself where documents are fewer than dimensions.',
    text: ({ comparison }) => formatScore(comparison.cka, 2),
  },
  {
    label: 'Same vector',
    meaning: 'Mean cosine of a document’s two vectors. It says something only where both spaces have the same axes.',
    text: ({ comparison }) => formatScore(comparison.cosine, 2),
  },
  {
    label: 'Same neighbours',
    meaning: 'Share of a document’s nearest 10 that are among its nearest 10 in the other space.',
    text: ({ comparison }) => formatShare(comparison.neighbours?.overlap ?? null),
  },
  {
    label: 'Documents',
    meaning: 'Documents that both spaces were compared on.',
    text: ({ comparison }) => formatCount(comparison.items),
  },
]

/** @param collection Of one collection only; by default of all. */
export function comparedSpaces(results: StudyResults, measure: string, collection?: string): ComparedSpace[] {
  const means = new Map(
    results.trials.map((trial) => [JSON.stringify([trial.retriever, trial.collection]), trial.mean[measure] ?? null]),
  )
  return results.spaces
    .filter((space) => collection === undefined || space.collection === collection)
    .flatMap(({ retriever, collection: on, comparisons }) =>
      comparisons.map((comparison) => {
        const [mine, other] = [retriever, comparison.against].map((id) => means.get(JSON.stringify([id, on])) ?? null)
        return {
          retriever,
          collection: on,
          comparison,
          difference: mine == null || other == null ? null : mine - other,
        }
      }),
    )
}
