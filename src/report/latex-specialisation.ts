import type { StudyResults } from '../study/results.ts'
import { tableEnd } from './latex-table.ts'
import { escapeLatex } from './latex-text.ts'
import { settingOf, specialisedRows } from './specialisation/table.ts'
import { correctionName, testName } from './words.ts'

/**
 * A `booktabs` table of the siblings by the first measure (× 100): each specialised model against what it was made of, the difference with a dagger
 * where it is significant. Null for a study without siblings.
 */
export function specialisationLatex(results: StudyResults, label: string, decimals: number): string | null {
  const [measure = ''] = results.measures
  const rows = specialisedRows(results, measure)
  if (rows.length === 0) return null
  const { comparison } = results
  const several = results.collections.length > 1
  const percent = (value: number | null) =>
    value === null ? '--' : (100 * value).toFixed(decimals).replace('-', '$-$')
  return [
    '\\begin{table}[t]',
    '  \\centering',
    `  \\caption{Specialised models against what they were made of, ${escapeLatex(measure)} ($\\times 100$). $^{\\dagger}$/$^{\\ddagger}$: significantly better/worse (${escapeLatex(testName(comparison))}, ${escapeLatex(correctionName(comparison).replace('retrievers', 'pairs'))}, $\\alpha = ${comparison.alpha}$).}`,
    `  \\label{tab:${label}}`,
    `  \\begin{tabular}{${several ? 'llll' : 'lll'}rrr}`,
    '    \\toprule',
    `    ${[...(several ? ['Collection'] : []), 'Model', 'Against', 'Recipe', 'Before', 'After', 'Difference'].join(' & ')} \\\\`,
    '    \\midrule',
    ...rows.map((row) => {
      const dagger = !row.significant ? '' : row.difference > 0 ? '$^{\\dagger}$' : '$^{\\ddagger}$'
      const cells = [
        ...(several ? [row.collection] : []).map(escapeLatex),
        ...[row.model, row.againstModel, settingOf(row)].map(escapeLatex),
        percent(row.before),
        percent(row.after),
        `${row.difference > 0 ? '$+$' : ''}${percent(row.difference)}${dagger}`,
      ]
      return `    ${cells.join(' & ')} \\\\`
    }),
    ...tableEnd(results),
  ].join('\n')
}
