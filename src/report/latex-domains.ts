import type { DomainResult } from '../study/domains/results.ts'
import type { StudyResults } from '../study/results.ts'
import { type DomainCell, domainTables } from './domains/tables.ts'
import { tableEnd } from './latex-table.ts'
import { escapeLatex } from './latex-text.ts'
import { correctionName, testName } from './words.ts'

/**
 * A `booktabs` table per unified collection: retrievers × domains by the first measure (× 100), the mean of the domains, all queries, and the share
 * of the first documents that come from the wrong domain. Null for a study without unified collections.
 */
export function domainsLatex(results: StudyResults, label: string, decimals: number): string | null {
  const all = domainTables(results)
  if (all.length === 0) return null
  const measure = escapeLatex(results.measures[0] ?? '')
  return all
    .map(({ collection, tables }, i) => {
      const { head, rows } = tables.find(({ id }) => id === 'measure')!
      const own = (results.domains ?? []).filter((one) => one.collection === collection)
      return [
        '\\begin{table}[t]',
        '  \\centering',
        `  \\caption{${measure} ($\\times 100$) by domain of ${escapeLatex(collection)}, every query searched among the documents of all domains, and the share of the first 10 documents from the wrong domain. Best in bold, second underlined. $^{\\dagger}$/$^{\\ddagger}$: significantly better/worse than the best single retriever of the domain (${escapeLatex(testName(results.comparison))}, ${escapeLatex(correctionName(results.comparison))}, $\\alpha = ${results.comparison.alpha}$).}`,
        `  \\label{tab:${label}${all.length > 1 ? `-${i + 1}` : ''}}`,
        `  \\begin{tabular}{l${'r'.repeat(head.length)}}`,
        '    \\toprule',
        `    ${['Retriever', ...head].map(escapeLatex).join(' & ')} \\\\`,
        '    \\midrule',
        ...rows.map(
          ({ retriever, cells }, row) =>
            `    ${[escapeLatex(retriever), ...cells.map((cell, column) => cellText(cell, figureOf(results, own[row]!, column), decimals))].join(' & ')} \\\\`,
        ),
        ...tableEnd(results),
      ].join('\n')
    })
    .join('\n')
}

/** The figure behind a cell of the table: domains, their mean, all queries; undefined for the share of the wrong domain. */
function figureOf(results: StudyResults, { retriever, collection, domains, macro }: DomainResult, column: number) {
  const measure = results.measures[0] ?? ''
  if (column < domains.length) return domains[column]!.mean[measure] ?? null
  if (column === domains.length) return macro[measure] ?? null
  if (column > domains.length + 1) return undefined
  const trial = results.trials.find((one) => one.retriever === retriever && one.collection === collection)
  return trial?.mean[measure] ?? null
}

function cellText({ text, place, mark }: DomainCell, value: number | null | undefined, decimals: number): string {
  const shown = value === undefined ? escapeLatex(text) : value === null ? '--' : (value * 100).toFixed(decimals)
  const placed = place === 'best' ? `\\textbf{${shown}}` : place === 'second' ? `\\underline{${shown}}` : shown
  return placed + (mark === '▲' ? '$^{\\dagger}$' : mark === '▼' ? '$^{\\ddagger}$' : '')
}
