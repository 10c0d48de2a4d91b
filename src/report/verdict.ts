import type { ComparisonResult, StudyResults } from '../study/results.ts'
import { formatDifference, formatPEquation, formatScore, list, plural } from './format.ts'
import { type Leaderboard, type LeaderboardRow, leaderboard } from './leaderboard.ts'
import { intervalLevel } from './words.ts'

/** A piece of a sentence: names and values may be emphasised. */
export interface Part {
  readonly kind: 'text' | 'name' | 'value'
  readonly text: string
}

/**
 * What the tests allow one to say.
 * `better`: the best is significantly above the baseline. `level`: it is above, but not significantly.
 * `baseline`: nothing is above the baseline. `untested`: no test was made. `empty`: no trial gave a number.
 */
export type Tone = 'better' | 'level' | 'baseline' | 'untested' | 'empty'

export interface Verdict {
  /** The collection it speaks of; null: all of them together. */
  readonly collection: string | null
  readonly tone: Tone
  readonly parts: readonly Part[]
}

/**
 * The study's answer in words for one measure: first over all collections (if there are several), then for each.
 * A sentence never says more than the tests: a retriever "scores highest"; only a significant difference to the baseline is
 * called one; pairs that were not tested are named as such.
 */
export function verdicts(results: StudyResults, measure = results.measures[0] ?? ''): Verdict[] {
  const board = leaderboard(results, measure)
  const each = board.collections.map((_, column) => collectionVerdict(results, board, column))
  return board.collections.length > 1 ? [overallVerdict(board), ...each] : each
}

/** The plain text of a verdict. */
export function verdictText(verdict: Verdict): string {
  return verdict.parts.map((part) => part.text).join('')
}

const text = (value: string): Part => ({ kind: 'text', text: value })
const name = (value: string): Part => ({ kind: 'name', text: value })
const score = (value: number): Part => ({ kind: 'value', text: formatScore(value) })

function names(rows: readonly LeaderboardRow[]): Part[] {
  return rows.flatMap((row, i) => [
    ...(i === 0 ? [] : [text(i === rows.length - 1 ? ' and ' : ', ')]),
    name(row.retriever.id),
  ])
}

interface Ranked {
  readonly row: LeaderboardRow
  readonly value: number
}

/** Rows with a value, highest first, and those that share the highest. */
function rank(rows: readonly LeaderboardRow[], value: (row: LeaderboardRow) => number | null) {
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

function evidence(results: StudyResults, c: ComparisonResult): string {
  const p = formatPEquation(c.pAdjusted)
  const adjusted = results.comparison.correction === 'none' ? p : `adjusted ${p}`
  const interval = `${formatDifference(c.interval[0])} to ${formatDifference(c.interval[1])}`
  return `${adjusted}, ${intervalLevel(results.comparison)} interval ${interval}, ${plural(c.queries, 'query', 'queries')}`
}

function collectionVerdict(results: StudyResults, board: Leaderboard, column: number): Verdict {
  const collection = board.collections[column]!.name
  const { ranked, best, next } = rank(board.rows, (row) => row.cells[column]?.value ?? null)
  const say = (tone: Tone, ...parts: Part[]): Verdict => ({
    collection,
    tone,
    parts: [text('On '), name(collection), text(', '), ...parts],
  })
  const first = best[0]
  if (first === undefined) return say('empty', text('no trial gave a result.'))
  if (ranked.length === 1)
    return say(
      'untested',
      name(first.row.retriever.id),
      text(` has ${board.measure} `),
      score(first.value),
      text('; there is nothing to compare it with.'),
    )
  if (best.length > 1)
    return say(
      'untested',
      ...names(best.map((b) => b.row)),
      text(` share the highest ${board.measure}, `),
      score(first.value),
      text('.'),
    )

  const baseline = ranked.find((r) => r.row.isBaseline)
  if (baseline === undefined) {
    const why = results.comparison.baseline === null ? 'the study sets no baseline' : 'the baseline has no result here'
    return say(
      'untested',
      name(first.row.retriever.id),
      text(` scores highest: ${board.measure} `),
      score(first.value),
      text(`. The difference to the others was not tested, because ${why}.`),
    )
  }
  if (first === baseline) {
    const c = next!.row.cells[column]?.comparison ?? null
    const lower = formatScore(first.value - next!.value)
    const tested =
      c === null
        ? 'not tested'
        : c.significant
          ? `a significant difference (${evidence(results, c)})`
          : `not a significant difference (${evidence(results, c)})`
    return say(
      'baseline',
      text('nothing scores above the baseline '),
      name(first.row.retriever.id),
      text(` (${board.measure} `),
      score(first.value),
      text('). The closest, '),
      name(next!.row.retriever.id),
      text(', is '),
      { kind: 'value', text: lower },
      text(` lower, ${tested}.`),
    )
  }

  const c = first.row.cells[column]?.comparison ?? null
  const runnerUp: Part[] =
    next === undefined || next === baseline
      ? []
      : [
          text(' The runner-up, '),
          name(next.row.retriever.id),
          text(`, is ${formatScore(first.value - next.value)} lower; that pair was not tested.`),
        ]
  const gain: Part = { kind: 'value', text: formatDifference(first.value - baseline.value) }
  const lead = [name(first.row.retriever.id), text(` scores highest: ${board.measure} `), score(first.value)]
  const base = [name(baseline.row.retriever.id), text(` (${formatScore(baseline.value)})`)]
  if (c === null)
    return say('untested', ...lead, text(', '), gain, text(' against '), ...base, text(', not tested.'), ...runnerUp)
  if (!c.significant)
    return say(
      'level',
      ...lead,
      text(', but its lead of '),
      gain,
      text(' over the baseline '),
      ...base,
      text(` is not significant (${evidence(results, c)}): these queries do not show that it is better.`),
      ...runnerUp,
    )
  return say(
    'better',
    ...lead,
    text(', '),
    gain,
    text(' over the baseline '),
    ...base,
    text(`, a significant difference (${evidence(results, c)}).`),
    ...runnerUp,
  )
}

function overallVerdict(board: Leaderboard): Verdict {
  const n = board.collections.length
  const { ranked, best } = rank(board.rows, (row) => row.average)
  const say = (tone: Tone, ...parts: Part[]): Verdict => ({ collection: null, tone, parts })
  const first = best[0]
  const partial = ranked.length < board.rows.length ? ', among the retrievers with a result on all of them,' : ''
  if (first === undefined) return say('empty', text(`No retriever has a result on all ${n} collections.`))
  const average = [text(` (average ${board.measure} `), score(first.value), text(')')]
  if (best.length > 1)
    return say(
      'untested',
      text(`Over ${n} collections${partial} `),
      ...names(best.map((b) => b.row)),
      text(` share the highest average ${board.measure}, `),
      score(first.value),
      text('.'),
    )
  const baseline = ranked.find((r) => r.row.isBaseline)
  if (first === baseline && ranked.length > 1)
    return say(
      'baseline',
      text(`Over ${n} collections${partial} nothing scores above the baseline `),
      name(first.row.retriever.id),
      ...average,
      text('.'),
    )
  const lead = [
    text(`Over ${n} collections${partial} `),
    name(first.row.retriever.id),
    text(' scores highest'),
    ...average,
  ]
  if (baseline === undefined || first === baseline) return say('untested', ...lead, text('; nothing was tested.'))
  const tested = first.row.cells.flatMap((cell) => (cell.comparison === null ? [] : [cell.comparison]))
  const better = tested.filter((c) => c.significant && c.difference > 0).length
  const worse = tested.filter((c) => c.significant && c.difference < 0).length
  const open = tested.length - better - worse
  const counts = list([
    `significantly better on ${better} of ${n}`,
    ...(worse > 0 ? [`significantly worse on ${worse}`] : []),
    ...(open > 0 ? [`not significantly different on ${open}`] : []),
    ...(tested.length < n ? [`not tested on ${n - tested.length}`] : []),
  ])
  return say(
    tested.length === 0 ? 'untested' : better > 0 && worse === 0 ? 'better' : 'level',
    ...lead,
    text(', '),
    { kind: 'value', text: formatDifference(first.value - baseline.value) },
    text(' over the baseline '),
    name(baseline.row.retriever.id),
    text(`: ${counts}. The average itself is not tested.`),
  )
}
