import type { StudyResults } from '../study/results.ts'
import { tableEnd } from './latex-table.ts'
import { escapeLatex } from './latex-text.ts'
import { SPACE_COLUMNS } from './space/columns.ts'
import { placesOf } from './space/findings.ts'

/**
 * A `booktabs` table of the embedding spaces: collection and retriever × the first measure (× 100) and the figures of the space, which the
 * caption explains in a word each. Null for a study without dense retrievers.
 */
export function spacesLatex(results: StudyResults, label: string, decimals: number): string | null {
  const places = placesOf(results)
  if (places.length === 0) return null
  const measure = results.measures[0] ?? ''
  const means = new Map(results.trials.map((t) => [JSON.stringify([t.retriever, t.collection]), t.mean[measure]]))
  const several = results.collections.length > 1
  const head = [
    ...(several ? ['Collection'] : []),
    'Retriever',
    escapeLatex(measure),
    ...SPACE_COLUMNS.map((column) => escapeLatex(column.label)),
  ]
  const rows = places.map((place) => {
    const { retriever, collection } = place.space
    const mean = means.get(JSON.stringify([retriever, collection])) ?? null
    return [
      ...(several ? [escapeLatex(collection)] : []),
      escapeLatex(retriever),
      mean === null ? '--' : (mean * 100).toFixed(decimals),
      ...SPACE_COLUMNS.map((column) => escapeLatex(column.format(column.value(place)))),
    ]
  })
  return [
    '\\begin{table}[t]',
    '  \\centering',
    `  \\caption{Embedding spaces: mean cosine, effective rank and uniformity of the documents, alignment of queries with relevant documents, skewness of how often a document stands in the first 10, documents never there, share of queries that find the biggest hub, and distance of the mean query from the mean document over the spread of a side. ${escapeLatex(measure)} ($\\times 100$).}`,
    `  \\label{tab:${label}}`,
    `  \\begin{tabular}{${several ? 'll' : 'l'}${'r'.repeat(SPACE_COLUMNS.length + 1)}}`,
    '    \\toprule',
    `    ${head.join(' & ')} \\\\`,
    '    \\midrule',
    ...rows.map((cells) => `    ${cells.join(' & ')} \\\\`),
    ...tableEnd(results),
  ].join('\n')
}
