import type { StudyResults } from '../study/results.ts'
import { tableEnd } from './latex-table.ts'
import { escapeLatex } from './latex-text.ts'

/**
 * A `booktabs` table of the fusions: score of the first measure, the best single retriever's, the difference with a dagger where it is
 * significant, the oracle, cost, and what each member adds. Null for a study without fusions.
 */
export function fusionLatex(results: StudyResults, label: string, decimals: number): string | null {
  const fusions = results.fusions ?? []
  if (fusions.length === 0) return null
  const measure = escapeLatex(results.measures[0] ?? '')
  const several = results.collections.length > 1
  const percent = (value: number | null) =>
    value === null ? '--' : (100 * value).toFixed(decimals).replace('-', '$-$')
  const signed = (value: number) => `${value > 0 ? '$+$' : ''}${percent(value)}`
  const rows = fusions.map(({ collection, retriever, best, gains, oracle, cost, members }) => {
    const gain = gains[0]!
    const dagger = !gain.significant ? '' : gain.difference > 0 ? '$^{\\dagger}$' : '$^{\\ddagger}$'
    const contributions = members.map(({ member, contribution }) =>
      contribution === null ? null : `${escapeLatex(member)} ${signed(contribution.difference)}`,
    )
    return [
      ...(several ? [escapeLatex(collection)] : []),
      escapeLatex(retriever),
      escapeLatex(best),
      contributions.filter((text) => text !== null).join(', ') || '--',
      percent(gain.value),
      percent(gain.bestValue),
      `${signed(gain.difference)}${dagger}`,
      percent(oracle.value),
      `${cost.extraMsPerQuery.toFixed(1).replace('-', '$-$')}`,
      `${(cost.extraIndexBytes / 1e6).toFixed(1).replace('-', '$-$')}`,
      `${cost.documentEncodings}/${cost.queryEncodings}`,
    ]
  })
  const head = [
    ...(several ? ['Collection'] : []),
    'Fusion',
    'Best single',
    'Contributions',
    measure,
    'Its score',
    'Difference',
    'Oracle',
    'ms/query',
    'MB',
    'Encodings',
  ]
  return [
    '\\begin{table}[t]',
    '  \\centering',
    `  \\caption{Fusions against the best single retriever that each is made of: ${measure} ($\\times 100$), difference ($\\dagger$ significantly better, $\\ddagger$ worse), the oracle that takes the best member for each query, further milliseconds per query and megabytes of index, encodings of a document and a query, and what each member adds.}`,
    `  \\label{tab:${label}}`,
    `  \\begin{tabular}{${several ? 'llll' : 'lll'}rrrrrrr}`,
    '    \\toprule',
    `    ${head.join(' & ')} \\\\`,
    '    \\midrule',
    ...rows.map((cells) => `    ${cells.join(' & ')} \\\\`),
    ...tableEnd(results),
  ].join('\n')
}
