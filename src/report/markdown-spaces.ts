import type { StudyResults } from '../study/results.ts'
import { formatDifference, formatScore, NO_VALUE } from './format.ts'
import { escapeMarkdown, table } from './markdown-text.ts'
import { directionWords, SPACE_COLUMNS } from './space/columns.ts'
import { COMPARISON_COLUMNS, comparedSpaces, WHY } from './space/comparisons.ts'
import { placesOf, spaceFindings } from './space/findings.ts'

/** What is striking, a table of all figures, what they mean, and the comparisons; nothing for a study without dense retrievers. */
export function spaceParts(results: StudyResults): string[] {
  if (results.spaces.length === 0) return []
  const measure = results.measures[0] ?? ''
  const compared = comparedSpaces(results, measure)
  return [
    '## Embedding spaces',
    ...findings(results),
    spaceTable(results, measure),
    SPACE_COLUMNS.map(
      (column) =>
        `- **${escapeMarkdown(column.label)}** (${directionWords(column)}): ${escapeMarkdown(column.meaning)}`,
    ).join('\n'),
    ...(compared.length === 0
      ? []
      : [
          '### Against other spaces',
          table(
            ['Collection', 'Retriever', 'Compared with', 'Why', ...COMPARISON_COLUMNS.map((c) => c.label), measure].map(
              escapeMarkdown,
            ),
            compared.map((row) => [
              ...[row.collection, row.retriever, row.comparison.against, WHY[row.comparison.why]].map(escapeMarkdown),
              ...COMPARISON_COLUMNS.map((column) => column.text(row)),
              formatDifference(row.difference),
            ]),
            4,
          ),
          [
            ...COMPARISON_COLUMNS.map((c) => `- **${escapeMarkdown(c.label)}**: ${escapeMarkdown(c.meaning)}`),
            `- **${escapeMarkdown(measure)}**: difference to the other, not tested.`,
          ].join('\n'),
        ]),
  ]
}

function findings(results: StudyResults): string[] {
  const groups = spaceFindings(results)
  if (groups.length === 0) return []
  const several = results.collections.length > 1
  return [
    groups
      .map(({ title, meaning, findings: found }) => {
        const places = found.map(
          (f) =>
            `${escapeMarkdown(f.retriever)}${several ? ` on ${escapeMarkdown(f.collection)}` : ''} (${escapeMarkdown(f.figure)})`,
        )
        return `- **${escapeMarkdown(title)}**: ${places.join('; ')}. ${escapeMarkdown(meaning)}`
      })
      .join('\n'),
  ]
}

function spaceTable(results: StudyResults, measure: string): string {
  const means = new Map(results.trials.map((t) => [JSON.stringify([t.retriever, t.collection]), t.mean[measure]]))
  return table(
    ['Collection', 'Retriever', measure, ...SPACE_COLUMNS.map((c) => c.label)].map(escapeMarkdown),
    placesOf(results).map((place) => [
      escapeMarkdown(place.space.collection),
      escapeMarkdown(place.space.retriever),
      formatScore(means.get(JSON.stringify([place.space.retriever, place.space.collection])) ?? null),
      ...SPACE_COLUMNS.map((column) => {
        const value = column.value(place)
        const note = column.note(place)
        if (value === null && note === null) return NO_VALUE
        return `${column.format(value)}${note === null ? '' : ` (${escapeMarkdown(note)})`}`
      }),
    ]),
    2,
  )
}
