import type { StudyResults } from '../study/results.ts'
import { tableEnd } from './latex-table.ts'
import { escapeLatex } from './latex-text.ts'
import { type PublishedSystem, publishedGroups, REASON_LABELS } from './published.ts'

/**
 * A `booktabs` table of published figures (× 100) beside the study's own, collection by collection, with the reason in a word or two where
 * one does not compare. Null where there are none.
 */
export function publishedLatex(results: StudyResults, label: string, decimals: number): string | null {
  const groups = publishedGroups(results)
  if (groups.length === 0) return null
  const measures = results.measures.filter((measure) => groups.some((group) => group.measures.includes(measure)))
  const cells = (known: readonly string[], value: (column: number) => string | null) =>
    measures.map((measure) => (known.includes(measure) ? (value(known.indexOf(measure)) ?? '--') : '--'))
  const number = (value: number | null | undefined, digits = decimals) =>
    value === null || value === undefined ? null : (value * 100).toFixed(digits)
  const rows = groups.flatMap(({ collection, measures: known, own, systems }) => [
    `\\multicolumn{${measures.length + 2}}{l}{\\emph{${escapeLatex(collection.name)}}}`,
    ...own.map(({ id, values }) =>
      [`${escapeLatex(id)} (this study)`, ...cells(known, (i) => number(values[i])), ''].join(' & '),
    ),
    ...systems.map((system) =>
      [
        escapeLatex(system.system),
        ...cells(known, (i) => {
          const row = system.values[i]
          return row ? number(row.value, Math.min(decimals, row.decimals - 2)) : null
        }),
        escapeLatex(labels(system)),
      ].join(' & '),
    ),
  ])
  return [
    '\\begin{table}[t]',
    '  \\centering',
    '  \\caption{Published figures ($\\times 100$) beside this study. The last column says why a figure does not compare; those without a word there do.}',
    `  \\label{tab:${label}}`,
    `  \\begin{tabular}{l${'r'.repeat(measures.length)}l}`,
    '    \\toprule',
    `    ${['System', ...measures.map(escapeLatex), 'Does not compare'].join(' & ')} \\\\`,
    '    \\midrule',
    ...rows.map((row) => `    ${row} \\\\`),
    ...tableEnd(results),
  ].join('\n')
}

const labels = ({ reasons }: PublishedSystem) => [...new Set(reasons.map(({ code }) => REASON_LABELS[code]))].join(', ')
