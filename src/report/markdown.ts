import type { Finding } from '../data/types.ts'
import type { ComparisonResult, StudyResults, TrialResult } from '../study/results.ts'
import { tokensPerSecond } from './cost.ts'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatMs,
  formatP,
  formatRate,
  formatScore,
  formatSeconds,
  formatShare,
  formatTime,
  NO_VALUE,
} from './format.ts'
import { type Cell, failures, leaderboard, mark, type Place } from './leaderboard.ts'
import { domainParts } from './markdown-domains.ts'
import { fusionParts } from './markdown-fusion.ts'
import { lintParts } from './markdown-lint.ts'
import { publishedParts } from './markdown-published.ts'
import { recipeParts } from './markdown-recipes.ts'
import { spaceParts } from './markdown-spaces.ts'
import { specialisationParts } from './markdown-specialisation.ts'
import { supervisedParts } from './markdown-supervised.ts'
import { escapeMarkdown, table } from './markdown-text.ts'
import { shortSummary } from './recipe-facts.ts'
import { verdicts } from './verdict.ts'
import {
  failureSentence,
  failureSummary,
  intervalLevel,
  methodSentence,
  smokeSentence,
  trialWarnings,
} from './words.ts'

/** The whole study as GitHub-flavoured Markdown: verdict, a table per measure, differences, cost, embedding spaces, data, method, recipes. */
export function renderMarkdown(results: StudyResults): string {
  const parts = [
    `# ${escapeMarkdown(results.study)}`,
    ...warnings(results),
    ...(results.description === '' ? [] : [escapeMarkdown(results.description)]),
    verdicts(results)
      .map((verdict) => `- ${verdict.parts.map((p) => emphasise(p.text, p.kind === 'name')).join('')}`)
      .join('\n'),
    ...results.measures.flatMap((measure) => [`## ${escapeMarkdown(measure)}`, measureTable(results, measure)]),
    `${escapeMarkdown(methodSentence(results))}${results.retrievers.length > 1 ? ' Highest in bold, second in italics.' : ''}`,
    ...differences(results),
    ...specialisationParts(results),
    ...fusionParts(results),
    ...domainParts(results),
    ...supervisedParts(results),
    ...publishedParts(results),
    '## Cost',
    costTable(results),
    ...spaceParts(results),
    '## Data',
    dataTable(results),
    ...findings(results),
    ...lintParts(results),
    '## Method',
    method(results),
    ...recipeParts(results),
  ]
  return `${parts.join('\n\n')}\n`
}

/** A Markdown table of one measure: retrievers × collections, with marks, best in bold, second in italics. */
export function measureTable(results: StudyResults, measure: string): string {
  const board = leaderboard(results, measure)
  const several = board.collections.length > 1
  const head = ['Retriever', ...board.collections.map((c) => escapeMarkdown(c.name)), ...(several ? ['Average'] : [])]
  const rows = board.rows.map((row) => [
    escapeMarkdown(row.retriever.id) + (row.isBaseline ? ' (baseline)' : ''),
    ...row.cells.map(cellText),
    ...(several ? [placed(formatScore(row.average), row.averagePlace)] : []),
  ])
  return table(head, rows)
}

function cellText(cell: Cell): string {
  if (cell.trial?.status === 'failed') return 'failed'
  return placed(formatScore(cell.value), cell.place) + mark(cell.comparison)
}

function placed(text: string, place: Place): string {
  if (place === 'best') return `**${text}**`
  return place === 'second' ? `*${text}*` : text
}

function emphasise(text: string, strong: boolean): string {
  return strong ? `**${escapeMarkdown(text)}**` : escapeMarkdown(text)
}

function warnings(results: StudyResults): string[] {
  const smoke = smokeSentence(results)
  const summary = failureSummary(results)
  return [
    ...(smoke === null ? [] : [`> [!WARNING]\n> ${escapeMarkdown(smoke)}`]),
    ...(summary === null
      ? []
      : [
          [
            '> [!WARNING]',
            `> ${summary}`,
            '>',
            ...failures(results).map((trial) => `> - ${escapeMarkdown(failureSentence(trial))}`),
          ].join('\n'),
        ]),
  ]
}

/** All figures of the first measure, which ranks the study; of the others the differences, side by side. */
function differences(results: StudyResults): string[] {
  const [first = '', ...others] = results.measures
  const shown = results.comparisons.filter((c) => c.measure === first)
  if (results.comparisons.length === 0) return []
  const row = (c: ComparisonResult) => [
    escapeMarkdown(c.collection),
    escapeMarkdown(c.retriever),
    difference(c),
    `${formatDifference(c.interval[0])} to ${formatDifference(c.interval[1])}`,
    formatP(c.p).replace('<', '&lt;'),
    formatP(c.pAdjusted).replace('<', '&lt;'),
    c.effect === null ? NO_VALUE : formatDifference(c.effect, 2),
    `${formatCount(c.wins)} / ${formatCount(c.losses)} / ${formatCount(c.ties)}`,
  ]
  const head = [
    'Collection',
    'Retriever',
    escapeMarkdown(first),
    `${intervalLevel(results.comparison)} interval`,
    'p',
    'p adjusted',
    'Effect d_z',
    'Wins / losses / ties',
  ]
  return [
    `## Differences to the baseline ${escapeMarkdown(results.comparison.baseline ?? '')}`,
    ...(shown.length === 0 ? [] : [table(head, shown.map(row), 2)]),
    'Intervals hold for each comparison by itself; only the adjusted p-values are corrected for their number.',
    ...(others.length === 0 ? [] : [otherDifferences(results, others)]),
  ]
}

/** A row per collection and retriever, a column per measure. */
function otherDifferences(results: StudyResults, measures: readonly string[]): string {
  const rows = new Map<string, Map<string, ComparisonResult>>()
  for (const c of results.comparisons) {
    const key = JSON.stringify([c.collection, c.retriever])
    rows.set(key, (rows.get(key) ?? new Map<string, ComparisonResult>()).set(c.measure, c))
  }
  return table(
    ['Collection', 'Retriever', ...measures.map(escapeMarkdown)],
    [...rows].map(([key, byMeasure]) => [
      ...(JSON.parse(key) as string[]).map(escapeMarkdown),
      ...measures.map((measure) => difference(byMeasure.get(measure))),
    ]),
    2,
  )
}

const difference = (c: ComparisonResult | undefined) =>
  c === undefined ? NO_VALUE : `${formatDifference(c.difference)}${mark(c)}`

const COST_HEAD = [
  'Collection',
  'Retriever',
  'Encode + index',
  'Per query',
  'Index',
  'Dimension',
  'Document tokens',
  'Query tokens',
  'Tokens/s',
  'Documents cut',
  'Queries cut',
  'Peak memory',
  'Cached',
]

const tokens = (count: number | null) => (count === null ? NO_VALUE : formatCount(count))

function costTable(results: StudyResults): string {
  const retrievers = new Map(results.retrievers.map((r) => [r.id, r]))
  const row = (trial: TrialResult) => [
    escapeMarkdown(trial.collection),
    escapeMarkdown(trial.retriever),
    ...(trial.status === 'failed'
      ? ['failed', ...Array<string>(COST_HEAD.length - 3).fill(NO_VALUE)]
      : [
          formatSeconds(trial.cost.indexSeconds),
          formatMs(trial.cost.msPerQuery),
          formatBytes(trial.cost.indexBytes),
          retrievers.get(trial.retriever)?.dimension?.toString() ?? NO_VALUE,
          tokens(trial.cost.documentTokens),
          tokens(trial.cost.queryTokens),
          formatRate(tokensPerSecond(trial.cost)),
          formatShare(trial.cost.truncatedDocuments),
          formatShare(trial.cost.truncatedQueries),
          formatBytes(trial.cost.peakBytes),
          trial.cost.cached ? 'yes' : 'no',
        ]),
  ]
  return table(COST_HEAD, results.trials.map(row), 2)
}

function dataTable(results: StudyResults): string {
  return table(
    ['Collection', 'Source', 'Split', 'Text', 'Documents', 'Queries', 'Judgments', 'Own id removed'],
    results.collections.map((c) => [
      escapeMarkdown(c.name),
      escapeMarkdown(c.source),
      escapeMarkdown(c.split),
      escapeMarkdown(c.titleRule),
      formatCount(c.documents),
      formatCount(c.queries),
      formatCount(c.judgments),
      c.removeSelf ? 'yes' : 'no',
    ]),
    4,
  )
}

/** Warnings first: they decide whether a number can be used. */
function findings(results: StudyResults): string[] {
  const of = (level: Finding['level'], label: string) =>
    results.collections.flatMap((c) =>
      c.findings
        .filter((f) => f.level === level)
        .map((f) => {
          const hint = f.level === 'warning' && f.hint !== undefined ? ` ${escapeMarkdown(f.hint)}` : ''
          return `- ${label}${escapeMarkdown(c.name)}: ${escapeMarkdown(f.message)} (${escapeMarkdown(f.code)})${hint}`
        }),
    )
  const lines = [...of('warning', '**Warning**, '), ...of('info', '')]
  return lines.length === 0 ? [] : [lines.join('\n')]
}

function method(results: StudyResults): string {
  const { machine } = results
  const lines = [
    ...results.retrievers.map((r) => `- **${escapeMarkdown(r.id)}**: ${escapeMarkdown(shortSummary(r))}`),
    ...results.retrievers.flatMap((r) =>
      r.warnings.map((w) => `- Warning, ${escapeMarkdown(r.id)}: ${escapeMarkdown(w)}`),
    ),
    ...trialWarnings(results).map(
      ({ warning, places }) => `- Warning, ${escapeMarkdown(places.join('; '))}: ${escapeMarkdown(warning)}`,
    ),
    `- fieldtrial ${escapeMarkdown(results.fieldtrial)}, Node ${escapeMarkdown(machine.node)}, ${escapeMarkdown(machine.platform)}, ${escapeMarkdown(machine.cpu)}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} memory`,
    `- Finished ${escapeMarkdown(formatTime(results.finishedAt))}`,
  ]
  return lines.join('\n')
}
