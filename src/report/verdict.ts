import type { StudyResults } from '../study/results.ts'
import { formatScore, list } from './format.ts'
import { type Leaderboard, type LeaderboardRow, leaderboard } from './leaderboard.ts'
import { evidence, gain, name, names, type Part, type Ranked, rank, score, text, whyUntested } from './verdict-parts.ts'

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
  return board.collections.length > 1 ? [overallVerdict(results, board), ...each] : each
}

/** The plain text of a verdict. */
export function verdictText(verdict: Verdict): string {
  return verdict.parts.map((part) => part.text).join('')
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
  const baseline = ranked.find((r) => r.row.isBaseline)
  if (best.length > 1) {
    const { tone, parts } = tied(results, best, baseline, column)
    return say(
      tone,
      ...names(best.map((b) => b.row)),
      text(` share the highest ${board.measure}, `),
      score(first.value),
      ...parts,
    )
  }
  if (baseline === undefined)
    return say(
      'untested',
      name(first.row.retriever.id),
      text(` scores highest: ${board.measure} `),
      score(first.value),
      text(`. The difference to the others was not tested, because ${whyUntested(results)}.`),
    )
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
  const difference = gain(first.value - baseline.value)
  const lead = [name(first.row.retriever.id), text(` scores highest: ${board.measure} `), score(first.value)]
  const base = [name(baseline.row.retriever.id), text(` (${formatScore(baseline.value)})`)]
  if (c === null)
    return say(
      'untested',
      ...lead,
      text(', '),
      difference,
      text(' against '),
      ...base,
      text(', not tested.'),
      ...runnerUp,
    )
  if (!c.significant)
    return say(
      'level',
      ...lead,
      text(', but its lead of '),
      difference,
      text(' over the baseline '),
      ...base,
      text(` is not significant (${evidence(results, c)}): these queries do not show that it is better.`),
      ...runnerUp,
    )
  return say(
    'better',
    ...lead,
    text(', '),
    difference,
    text(' over the baseline '),
    ...base,
    text(`, a significant difference (${evidence(results, c)}).`),
    ...runnerUp,
  )
}

/** How those that share the highest value stand to the baseline: what follows their common value. */
function tied(
  results: StudyResults,
  best: readonly Ranked[],
  baseline: Ranked | undefined,
  column: number,
): { tone: Tone; parts: Part[] } {
  if (baseline === undefined)
    return {
      tone: 'untested',
      parts: [text(`. The difference to the others was not tested, because ${whyUntested(results)}.`)],
    }
  const others = best.filter((b) => b !== baseline)
  const tests = others.map(({ row }) => ({ row, c: row.cells[column]?.comparison ?? null }))
  const outcomes = tests.flatMap(({ row, c }, i) => [
    ...(i === 0 ? [] : [text('; ')]),
    ...(tests.length === 1 ? [] : [name(row.retriever.id), text(': ')]),
    text(c === null ? 'not tested' : `${c.significant ? '' : 'not '}significant (${evidence(results, c)})`),
  ])
  if (others.length < best.length)
    return {
      tone: 'baseline',
      parts: [
        text('; '),
        name(baseline.row.retriever.id),
        text(' is the baseline, nothing scores above it. Difference to it: '),
        ...outcomes,
        text('.'),
      ],
    }
  const tested = tests.flatMap(({ c }) => (c === null ? [] : [c]))
  return {
    tone: tested.length === 0 ? 'untested' : tested.every((c) => c.significant) ? 'better' : 'level',
    parts: [
      text(', '),
      gain(best[0]!.value - baseline.value),
      text(' over the baseline '),
      name(baseline.row.retriever.id),
      text(` (${formatScore(baseline.value)}): `),
      ...outcomes,
      text('.'),
    ],
  }
}

function overallVerdict(results: StudyResults, board: Leaderboard): Verdict {
  const n = board.collections.length
  const { ranked, best } = rank(board.rows, (row) => row.average)
  const say = (tone: Tone, ...parts: Part[]): Verdict => ({ collection: null, tone, parts })
  const first = best[0]
  const partial = ranked.length < board.rows.length ? ', among the retrievers with a result on all of them,' : ''
  if (first === undefined) return say('empty', text(`No retriever has a result on all ${n} collections.`))
  const baseline = ranked.find((r) => r.row.isBaseline)
  const over = text(`Over ${n} collections${partial} `)
  const average = [text(` (average ${board.measure} `), score(first.value), text(')')]
  if (ranked.length === 1)
    return say(
      'untested',
      over,
      name(first.row.retriever.id),
      text(` has an average ${board.measure} of `),
      score(first.value),
      text('; there is nothing to compare it with.'),
    )
  if (first === baseline && best.length === 1)
    return say(
      'baseline',
      over,
      text('nothing scores above the baseline '),
      name(first.row.retriever.id),
      ...average,
      text('.'),
    )
  const lead =
    best.length === 1
      ? [over, name(first.row.retriever.id), text(' scores highest'), ...average]
      : [
          over,
          ...names(best.map((b) => b.row)),
          text(` share the highest average ${board.measure}, `),
          score(first.value),
        ]
  if (baseline === undefined)
    return say(
      'untested',
      ...lead,
      text(
        results.comparison.baseline === null
          ? '; nothing was tested, because the study sets no baseline.'
          : '; it is not held against the baseline, which has no result on some collection.',
      ),
    )
  const others = best.filter((b) => b !== baseline)
  const counted = others.map((b) => ({ id: b.row.retriever.id, ...countOutcomes(b.row, n) }))
  const tones = counted.map((c) => c.tone)
  const tone = tones.every((t) => t === tones[0]) ? tones[0]! : 'level'
  const position =
    others.length < best.length
      ? [
          text('; '),
          name(baseline.row.retriever.id),
          text(' is the baseline, nothing scores above it. By collection, '),
        ]
      : [
          text(', '),
          gain(first.value - baseline.value),
          text(' over the baseline '),
          name(baseline.row.retriever.id),
          text(': '),
        ]
  return say(
    others.length < best.length ? 'baseline' : tone,
    ...lead,
    ...position,
    ...counted.flatMap(({ id, words }, i) => [
      ...(i === 0 ? [] : [text('; ')]),
      ...(best.length === 1 ? [] : [name(id), text(' is ')]),
      text(words),
    ]),
    text('. The average itself is not tested.'),
  )
}

/** On how many of the collections a retriever differs significantly from the baseline, and what that allows one to say. */
function countOutcomes(row: LeaderboardRow, n: number): { tone: Tone; words: string } {
  const tested = row.cells.flatMap((cell) => (cell.comparison === null ? [] : [cell.comparison]))
  const better = tested.filter((c) => c.significant && c.difference > 0).length
  const worse = tested.filter((c) => c.significant && c.difference < 0).length
  const open = tested.length - better - worse
  const words = list([
    `significantly better on ${better} of ${n}`,
    ...(worse > 0 ? [`significantly worse on ${worse}`] : []),
    ...(open > 0 ? [`not significantly different on ${open}`] : []),
    ...(tested.length < n ? [`not tested on ${n - tested.length}`] : []),
  ])
  return { tone: tested.length === 0 ? 'untested' : better > 0 && worse === 0 ? 'better' : 'level', words }
}
