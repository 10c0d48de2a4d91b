import type {
  CollectionResult,
  ComparisonResult,
  RetrieverResult,
  StudyResults,
  TrialResult,
} from '../study/results.ts'

/** Which place a value takes in its column. All that share the highest value are `best`. */
export type Place = 'best' | 'second' | null

export interface Cell {
  readonly collection: string
  /** Null when the trial failed, was not part of the study, or the measure is undefined. */
  readonly value: number | null
  readonly trial: TrialResult | null
  /** Against the study's baseline; null where there is none. */
  readonly comparison: ComparisonResult | null
  readonly place: Place
}

export interface LeaderboardRow {
  readonly retriever: RetrieverResult
  readonly isBaseline: boolean
  readonly cells: readonly Cell[]
  /**
   * Macro average over all collections. Null as soon as one value is missing: an average over fewer collections
   * does not compare with the others.
   */
  readonly average: number | null
  readonly averagePlace: Place
  /** Average minus the baseline's average. No test is made on it. */
  readonly averageDifference: number | null
}

/** One measure of all retrievers on all collections: what every table of the report shows. */
export interface Leaderboard {
  readonly measure: string
  readonly collections: readonly CollectionResult[]
  /** Highest average first; retrievers without one last; ties in the order of the study. */
  readonly rows: readonly LeaderboardRow[]
}

/** Values closer than this are one value: sums in another order differ by as much. */
const EPSILON = 1e-12

/**
 * Arranges the results of one measure.
 *
 * @param measure One of `results.measures`; by default the first, which ranks the study.
 */
export function leaderboard(results: StudyResults, measure = results.measures[0] ?? ''): Leaderboard {
  const trials = new Map(results.trials.map((trial) => [key(trial.collection, trial.retriever), trial]))
  const comparisons = new Map(
    results.comparisons.filter((c) => c.measure === measure).map((c) => [key(c.collection, c.retriever), c]),
  )
  const values = results.retrievers.map((retriever) =>
    results.collections.map((collection) => {
      const trial = trials.get(key(collection.name, retriever.id))
      return trial?.status === 'done' ? (trial.mean[measure] ?? null) : null
    }),
  )
  const averages = values.map(average)
  const columnPlaces = results.collections.map((_, column) => places(values.map((row) => row[column] ?? null)))
  const averagePlaces = places(averages)
  const baselineIndex = results.retrievers.findIndex((r) => r.id === results.comparison.baseline)
  const baselineAverage = averages[baselineIndex] ?? null

  const rows = results.retrievers.map((retriever, row): LeaderboardRow => {
    const mean = averages[row] ?? null
    return {
      retriever,
      isBaseline: row === baselineIndex,
      cells: results.collections.map((collection, column) => ({
        collection: collection.name,
        value: values[row]?.[column] ?? null,
        trial: trials.get(key(collection.name, retriever.id)) ?? null,
        comparison: comparisons.get(key(collection.name, retriever.id)) ?? null,
        place: columnPlaces[column]?.[row] ?? null,
      })),
      average: mean,
      averagePlace: averagePlaces[row] ?? null,
      averageDifference:
        mean === null || baselineAverage === null || row === baselineIndex ? null : mean - baselineAverage,
    }
  })
  const ordered = [...rows].sort((a, b) => (b.average ?? -Infinity) - (a.average ?? -Infinity) || 0)
  return { measure, collections: results.collections, rows: ordered }
}

const key = (collection: string, retriever: string) => JSON.stringify([collection, retriever])

function average(values: readonly (number | null)[]): number | null {
  let sum = 0
  for (const value of values) {
    if (value === null) return null
    sum += value
  }
  return values.length === 0 ? null : sum / values.length
}

/** Best and second best of a column. A column in which all are equal, or with one value only, has no places. */
export function places(values: readonly (number | null)[]): Place[] {
  const present = values.filter((value) => value !== null)
  const best = Math.max(...present)
  const rest = present.filter((value) => value < best - EPSILON)
  if (rest.length === 0) return values.map(() => null)
  const second = Math.max(...rest)
  return values.map((value) => {
    if (value === null) return null
    if (value >= best - EPSILON) return 'best'
    return value >= second - EPSILON ? 'second' : null
  })
}

/** `▲` significantly better than the baseline, `▼` significantly worse, nothing otherwise. */
export function mark(comparison: ComparisonResult | null): '▲' | '▼' | '' {
  if (!comparison?.significant || comparison.difference === 0) return ''
  return comparison.difference > 0 ? '▲' : '▼'
}

/** Trials without a result, in the order of the study. */
export function failures(results: StudyResults): readonly TrialResult[] {
  return results.trials.filter((trial) => trial.status === 'failed')
}
