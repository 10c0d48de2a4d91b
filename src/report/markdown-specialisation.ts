import type { StudyResults } from '../study/results.ts'
import { formatDifference, formatP, formatScore, NO_VALUE } from './format.ts'
import { escapeMarkdown, table } from './markdown-text.ts'
import { answeredQuestions } from './specialisation/answers.ts'
import { RELATIONS, settingOf, specialisedNote, specialisedRows } from './specialisation/table.ts'
import { testedHead } from './words.ts'

/** What specialisation did: the questions with their answers by the first measure, and all pairs; nothing for a study without siblings. */
export function specialisationParts(results: StudyResults): string[] {
  const questions = answeredQuestions(results)
  if (results.specialisation === undefined) return []
  const rows = results.measures.flatMap((measure) => specialisedRows(results, measure))
  return [
    '## What specialisation did',
    ...questions.flatMap(({ title, headline, sentences }) => [
      `**${escapeMarkdown(title)}** ${escapeMarkdown(headline)}`,
      sentences.map((text) => `- ${escapeMarkdown(text)}`).join('\n'),
    ]),
    table(
      [
        'Collection',
        'Measure',
        'Model',
        'Against',
        'Which is its',
        'Recipe',
        'Also differs',
        ...testedHead(results.comparison),
      ],
      rows.map((row) => [
        ...[row.collection, row.measure, row.model, row.againstModel, RELATIONS[row.relation], settingOf(row)].map(
          escapeMarkdown,
        ),
        row.differs.length === 0 ? NO_VALUE : row.differs.join(', '),
        formatScore(row.before),
        `${formatScore(row.after)}${row.significant ? (row.difference > 0 ? '▲' : '▼') : ''}`,
        formatDifference(row.difference),
        `${formatDifference(row.interval[0])} to ${formatDifference(row.interval[1])}`,
        formatP(row.p).replace('<', '&lt;'),
        formatP(row.pAdjusted).replace('<', '&lt;'),
        `${row.wins} / ${row.losses} / ${row.ties}`,
      ]),
      7,
    ),
    escapeMarkdown(specialisedNote(results)),
  ]
}
