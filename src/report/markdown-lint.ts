import type { StudyResults } from '../study/results.ts'
import { formatCount, formatScore, formatShare, NO_VALUE } from './format.ts'
import { cappedMeasures, lengthRows } from './lint-rows.ts'
import { escapeMarkdown, table } from './markdown-text.ts'

/** Ceilings and lengths, where there are any: tables below the findings. */
export function lintParts(results: StudyResults): string[] {
  const ceilings = results.collections.flatMap((collection) =>
    cappedMeasures(collection).map(({ measure, value, apart }) => [
      escapeMarkdown(collection.name),
      escapeMarkdown(measure),
      formatScore(value),
      formatScore(apart),
    ]),
  )
  const lengths = results.collections.flatMap((collection) =>
    lengthRows(collection).map(({ side, unit, counted, mean, median, p90, p99, max, cut }) => [
      escapeMarkdown(collection.name),
      side,
      escapeMarkdown(unit),
      ...[counted, Math.round(mean), median, p90, p99, max].map(formatCount),
      cut === null ? NO_VALUE : `${formatShare(cut.share)} at ${formatCount(cut.at)}`,
    ]),
  )
  return [
    ...(ceilings.length === 0
      ? []
      : [
          'Identical documents cap these measures: the best that any retriever can expect.',
          table(['Collection', 'Measure', 'At best', 'Without twins'], ceilings, 2),
        ]),
    ...(lengths.length === 0
      ? []
      : [
          table(
            ['Collection', 'Of', 'Length in', 'Counted', 'Mean', 'Median', '90 %', '99 %', 'Most', 'Cut'],
            lengths,
            3,
          ),
        ]),
  ]
}
