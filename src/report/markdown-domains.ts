import type { StudyResults } from '../study/results.ts'
import { type DomainCell, domainTables } from './domains/tables.ts'
import { escapeMarkdown, table } from './markdown-text.ts'

/** What unified collections show domain by domain; nothing for a study without one. */
export function domainParts(results: StudyResults): string[] {
  const all = domainTables(results)
  if (all.length === 0) return []
  return [
    '## Domains',
    ...all.flatMap(({ collection, notes, tables }) => [
      ...(all.length > 1 ? [`### ${escapeMarkdown(collection)}`] : []),
      notes.map(escapeMarkdown).join(' '),
      ...tables.flatMap(({ title, meaning, head, rows }) => [
        `**${escapeMarkdown(title)}** on ${escapeMarkdown(collection)}`,
        table(
          ['Retriever', ...head].map(escapeMarkdown),
          rows.map(({ retriever, cells }) => [escapeMarkdown(retriever), ...cells.map(cellText)]),
        ),
        escapeMarkdown(meaning),
      ]),
    ]),
  ]
}

function cellText({ text, place, mark }: DomainCell): string {
  const escaped = escapeMarkdown(text)
  const placed = place === 'best' ? `**${escaped}**` : place === 'second' ? `*${escaped}*` : escaped
  return placed + mark
}
