import type { StudyResults } from '../study/results.ts'
import { formatScore } from './format.ts'
import { escapeMarkdown, table } from './markdown-text.ts'
import { comparesText, formatFigure, knownText, type PublishedGroup, publishedGroups } from './published.ts'

/** A table per collection that is known elsewhere: the study's own retrievers, then published figures with their marks. */
export function publishedParts(results: StudyResults): string[] {
  const groups = publishedGroups(results)
  if (groups.length === 0) return []
  const sources = [...new Map(groups.flatMap((g) => g.systems.map((s) => [s.source.url, s.source] as const))).values()]
  const number = (url: string) => sources.findIndex((source) => source.url === url) + 1
  return [
    '## Published figures',
    'Figures of others on these collections. They take no part in the ranking or in any test; one that does not compare must not be held against a number of this study.',
    ...groups.flatMap((group) => [
      `### ${escapeMarkdown(group.collection.name)} (${escapeMarkdown(knownText(group.collection))})`,
      groupTable(group, number),
    ]),
    sources
      .map(({ title, url }, i) => {
        const text = escapeMarkdown(title)
        return `${i + 1}. ${url.startsWith('https://') ? `[${text}](${url})` : `${text}, ${escapeMarkdown(url)}`}`
      })
      .join('\n'),
  ]
}

function groupTable({ measures, own, systems }: PublishedGroup, number: (url: string) => number): string {
  const head = ['System', 'Compares', 'Source', ...measures.map(escapeMarkdown)]
  const rows = [
    ...own.map(({ id, values }) => [
      `**${escapeMarkdown(id)}** (this study)`,
      '',
      '',
      ...values.map((value) => formatScore(value)),
    ]),
    ...systems.map((system) => [
      escapeMarkdown(system.system),
      `${escapeMarkdown(comparesText(system))}${system.note === undefined ? '' : ` (${escapeMarkdown(system.note)})`}`,
      `${number(system.source.url)}`,
      ...system.values.map(formatFigure),
    ]),
  ]
  return table(head, rows, 3)
}
