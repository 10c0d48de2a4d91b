import type { StudyResults, SupervisedResult } from '../study/results.ts'
import { formatDifference, formatPEquation, formatScore, plural } from './format.ts'

/** The pairs of one collection and measure, in the order of the study. */
export interface SupervisedGroup {
  readonly collection: string
  readonly measure: string
  readonly rows: readonly SupervisedResult[]
  /** Largest less smallest value of the models as they are, and of the trained ones; null with fewer than two of either. */
  readonly spread: { readonly before: number; readonly after: number } | null
}

/** By collection, then measure. */
export function supervisedGroups(results: StudyResults): SupervisedGroup[] {
  const all = results.supervised ?? []
  return results.collections.flatMap(({ name }) =>
    results.measures.flatMap((measure) => {
      const rows = all.filter((row) => row.collection === name && row.measure === measure)
      return rows.length === 0 ? [] : [{ collection: name, measure, rows, spread: spreadOf(rows) }]
    }),
  )
}

function spreadOf(rows: readonly SupervisedResult[]): SupervisedGroup['spread'] {
  const range = (values: ReadonlyMap<string, number | null>) => {
    const known = [...values.values()].filter((value) => value !== null)
    return known.length < 2 ? null : Math.max(...known) - Math.min(...known)
  }
  const before = range(new Map(rows.map((row) => [row.zeroShot, row.before])))
  const after = range(new Map(rows.map((row) => [row.supervised, row.after])))
  return before === null || after === null ? null : { before, after }
}

/** What training changed in one group, in a sentence; it never says more than the tests. */
export function supervisedSentence({ collection, measure, rows, spread }: SupervisedGroup): string {
  const better = rows.filter(({ significant, difference }) => significant && difference > 0).length
  const worse = rows.filter(({ significant, difference }) => significant && difference < 0).length
  const [only] = rows
  const first =
    rows.length === 1
      ? `On ${collection}, ${only!.supervised} has ${measure} ${formatScore(only!.after)}, ${only!.zeroShot} without training ${formatScore(only!.before)}: ${formatDifference(only!.difference)}, ${only!.significant ? 'significant' : 'not significant'} (${formatPEquation(only!.pAdjusted)}).`
      : `On ${collection}, training raises ${measure} significantly in ${better} of ${plural(rows.length, 'pair')}${worse > 0 ? ` and lowers it in ${worse}` : ''}.`
  if (spread === null) return first
  return `${first} The models lie ${formatScore(spread.before)} apart as they are, and ${formatScore(spread.after)} trained.`
}
