import type { StudyResults } from '../study/results.ts'
import { formatDifference, formatP, formatScore } from './format.ts'
import { escapeMarkdown, table } from './markdown-text.ts'
import { supervisedGroups, supervisedSentence } from './supervised.ts'
import { correctionName, testedHead, testName } from './words.ts'

/** What training changed, pair by pair; nothing for a study without trained models beside their bases. */
export function supervisedParts(results: StudyResults): string[] {
  const groups = supervisedGroups(results)
  if (groups.length === 0) return []
  const [first] = results.measures
  return [
    '## Zero-shot against supervised',
    groups
      .filter(({ measure }) => measure === first)
      .map((group) => `- ${escapeMarkdown(supervisedSentence(group))}`)
      .join('\n'),
    table(
      ['Collection', 'Measure', 'As it is', 'Trained', ...testedHead(results.comparison, 'Change')],
      groups.flatMap(({ collection, measure, rows }) =>
        rows.map((row) => [
          ...[collection, measure, row.zeroShot, row.supervised].map(escapeMarkdown),
          formatScore(row.before),
          `${formatScore(row.after)}${row.significant ? (row.difference > 0 ? '▲' : '▼') : ''}`,
          formatDifference(row.difference),
          `${formatDifference(row.interval[0])} to ${formatDifference(row.interval[1])}`,
          formatP(row.p),
          formatP(row.pAdjusted),
          `${row.wins} / ${row.losses} / ${row.ties}`,
        ]),
      ),
      4,
    ),
    `${escapeMarkdown(`▲ significantly better, ▼ significantly worse than without training: ${testName(results.comparison)}, ${correctionName(results.comparison).replace('retrievers', 'pairs')}, α = ${results.comparison.alpha}.`)}`,
  ]
}
