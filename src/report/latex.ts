import type { StudyResults } from '../study/results.ts'
import { formatTime } from './format.ts'
import { domainsLatex } from './latex-domains.ts'
import { fusionLatex } from './latex-fusion.ts'
import { publishedLatex } from './latex-published.ts'
import { spacesLatex } from './latex-spaces.ts'
import { specialisationLatex } from './latex-specialisation.ts'
import { tableEnd } from './latex-table.ts'
import { escapeLatex, needsUnicodeEngine } from './latex-text.ts'
import { type Cell, failures, leaderboard, type Place } from './leaderboard.ts'
import { correctionName, failureSentence, sampledSentences, testName } from './words.ts'

export interface LatexOptions {
  /** The measures to show, one table each. Default: all of the study. */
  readonly measures?: readonly string[]
  /** Scores are printed × 100 with this many decimals. Default 2. */
  readonly decimals?: 1 | 2
}

/**
 * A `booktabs` table per measure: retrievers × collections, scores × 100, best in bold, second underlined, a dagger for significantly
 * better and a double dagger for significantly worse than the baseline. The caption states measure, test, correction, alpha and the
 * number of queries. Further tables hold specialised models against what they were made of, the fusions, the domains of unified collections, the embedding spaces and published figures, if there are any, unless certain
 * measures are asked for.
 */
export function renderLatex(results: StudyResults, options: LatexOptions = {}): string {
  const decimals = options.decimals ?? 2
  const tables = (options.measures ?? results.measures).map((measure) => table(results, measure, decimals))
  const spaces =
    options.measures === undefined ? spacesLatex(results, label(`${results.study}-spaces`), decimals) : null
  const published =
    options.measures === undefined ? publishedLatex(results, label(`${results.study}-published`), decimals) : null
  const domains =
    options.measures === undefined ? domainsLatex(results, label(`${results.study}-domains`), decimals) : null
  const fusions =
    options.measures === undefined ? fusionLatex(results, label(`${results.study}-fusion`), decimals) : null
  const siblings =
    options.measures === undefined
      ? specialisationLatex(results, label(`${results.study}-specialisation`), decimals)
      : null
  const body = [...tables, ...[siblings, fusions, domains, spaces, published].filter((part) => part !== null)].join(
    '\n',
  )
  return [
    comment(
      `Made by fieldtrial ${results.fieldtrial}, ${formatTime(results.finishedAt)}. Needs \\usepackage{booktabs}.`,
    ),
    ...(needsUnicodeEngine(body)
      ? [comment('Holds characters outside Latin script: compile with LuaLaTeX or XeLaTeX and a font that has them.')]
      : []),
    body,
  ].join('\n')
}

function table(results: StudyResults, measure: string, decimals: number): string {
  const board = leaderboard(results, measure)
  const several = board.collections.length > 1
  const columns = board.collections.length + (several ? 1 : 0)
  const failed = failures(results)
  const head = ['Retriever', ...board.collections.map((c) => escapeLatex(c.name)), ...(several ? ['Average'] : [])]
  const rows = board.rows.map((row) =>
    [
      escapeLatex(row.retriever.id) + (row.isBaseline ? ' (baseline)' : ''),
      ...row.cells.map((cell) => cellText(cell, decimals, failed.indexOf(cell.trial!))),
      ...(several ? [placed(number(row.average, decimals), row.averagePlace)] : []),
    ].join(' & '),
  )
  return [
    '\\begin{table}[t]',
    '  \\centering',
    `  \\caption{${caption(results, measure)}}`,
    `  \\label{tab:${label(`${results.study}-${measure}`)}}`,
    `  \\begin{tabular}{l${'r'.repeat(columns)}}`,
    '    \\toprule',
    `    ${head.join(' & ')} \\\\`,
    '    \\midrule',
    ...rows.map((row) => `    ${row} \\\\`),
    ...tableEnd(
      results,
      failed.map((trial, i) => `\\footnotesize $^{${letter(i)}}$ ${escapeLatex(failureSentence(trial))}`),
    ),
  ].join('\n')
}

function caption(results: StudyResults, measure: string): string {
  const { comparison } = results
  const queries = results.collections.map((c) => `${escapeLatex(c.name)}: ${c.queries}`).join(', ')
  const alone = results.retrievers.length < 2
  const tested =
    results.comparisons.length === 0
      ? alone
        ? ''
        : 'No significance test was made. '
      : `$^{\\dagger}$/$^{\\ddagger}$: significantly better/worse than ${escapeLatex(comparison.baseline ?? '')} ` +
        `(${escapeLatex(testName(comparison))}, ${escapeLatex(correctionName(comparison))}, $\\alpha = ${comparison.alpha}$). `
  return `${escapeLatex(measure)} ($\\times 100$). ${alone ? '' : 'Best in bold, second underlined. '}${tested}Number of queries: ${queries}.${sampledSentences(
    results,
  )
    .map((sentence) => ` ${escapeLatex(sentence)}`)
    .join('')}`
}

function cellText(cell: Cell, decimals: number, failure: number): string {
  if (failure >= 0) return `--$^{${letter(failure)}}$`
  const sign = cell.comparison?.significant ? Math.sign(cell.comparison.difference) : 0
  const mark = sign > 0 ? '$^{\\dagger}$' : sign < 0 ? '$^{\\ddagger}$' : ''
  return placed(number(cell.value, decimals), cell.place) + mark
}

function number(value: number | null, decimals: number): string {
  if (value === null) return '--'
  const text = (value * 100).toFixed(decimals)
  return text.startsWith('-') ? `$${text}$` : text
}

function placed(text: string, place: Place): string {
  if (place === 'best') return `\\textbf{${text}}`
  return place === 'second' ? `\\underline{${text}}` : text
}

/** a, b, … z, aa, ab … */
function letter(index: number): string {
  const rest = Math.floor(index / 26)
  return (rest > 0 ? letter(rest - 1) : '') + String.fromCharCode(97 + (index % 26))
}

const label = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

const comment = (text: string) => `% ${text.replace(/\s+/g, ' ')}`
