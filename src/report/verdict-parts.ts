import type { ComparisonResult, StudyResults } from '../study/results.ts'
import { formatDifference, formatPEquation, formatScore, plural } from './format.ts'
import type { LeaderboardRow } from './leaderboard.ts'
import { intervalLevel } from './words.ts'

/** A piece of a sentence: names and values may be emphasised. */
export interface Part {
  readonly kind: 'text' | 'name' | 'value'
  readonly text: string
}

export const text = (value: string): Part => ({ kind: 'text', text: value })
export const name = (value: string): Part => ({ kind: 'name', text: value })
export const score = (value: number): Part => ({ kind: 'value', text: formatScore(value) })
export const gain = (value: number): Part => ({ kind: 'value', text: formatDifference(value) })

/** `a, b and c`. */
export function names(rows: readonly LeaderboardRow[]): Part[] {
  return rows.flatMap((row, i) => [
    ...(i === 0 ? [] : [text(i === rows.length - 1 ? ' and ' : ', ')]),
    name(row.retriever.id),
  ])
}

export interface Ranked {
  readonly row: LeaderboardRow
  readonly value: number
}

/** Rows with a value, highest first, those that share the highest, and the one below them. */
export function rank(rows: readonly LeaderboardRow[], value: (row: LeaderboardRow) => number | null) {
  const ranked = rows
    .flatMap((row): Ranked[] => {
      const v = value(row)
      return v === null ? [] : [{ row, value: v }]
    })
    .sort((a, b) => b.value - a.value)
  const highest = ranked[0]?.value ?? 0
  const best = ranked.filter((r) => r.value >= highest - 1e-12)
  return { ranked, best, next: ranked[best.length] }
}

/** The figures of a test, e.g. `adjusted p = 0.0012, 95 % interval +0.0100 to +0.0300, 300 queries`. */
export function evidence(results: StudyResults, c: ComparisonResult): string {
  const p = formatPEquation(c.pAdjusted)
  const adjusted = results.comparison.correction === 'none' ? p : `adjusted ${p}`
  const interval = `${formatDifference(c.interval[0])} to ${formatDifference(c.interval[1])}`
  return `${adjusted}, ${intervalLevel(results.comparison)} interval ${interval}, ${plural(c.queries, 'query', 'queries')}`
}

/** Why no difference to the baseline can be given. */
export function whyUntested(results: StudyResults): string {
  return results.comparison.baseline === null ? 'the study sets no baseline' : 'the baseline has no result here'
}
