import type { StudyResults } from '../study/results.ts'
import { type CsvValue, csvLine } from './csv-text.ts'
import { lengthRows } from './lint-rows.ts'

const HEAD = ['study', 'collection', 'split', 'smoke_limit', 'kind', 'code', 'level', 'count', 'of', 'value', 'message']

/**
 * What is known of the collections, a row each: findings (`count` of `of` items), ceilings (`value` with identical documents, `of`
 * without) and mean lengths. Header, RFC 4180, `\n`.
 */
export function renderDataCsv(results: StudyResults): string {
  const rows = results.collections.flatMap((collection): CsvValue[][] => {
    const own: CsvValue[] = [results.study, collection.name, collection.split, results.smoke?.limit ?? null]
    return [
      ...collection.findings.map((f) => [...own, 'finding', f.code, f.level, f.count, f.of, null, f.message]),
      ...(collection.lint?.ceilings ?? []).map(({ measure, value, apart }) => [
        ...own,
        'ceiling',
        measure,
        null,
        null,
        apart,
        value,
        'the best that can be expected; `of`: without identical documents',
      ]),
      ...lengthRows(collection).map(({ side, unit, counted, mean, max, cut }) => [
        ...own,
        'length',
        `${side}, ${unit}`,
        null,
        counted,
        collection[side],
        mean,
        cut === null ? `at most ${max}` : `at most ${max}; a share of ${cut.share} is cut at ${cut.at}`,
      ]),
    ]
  })
  return [HEAD, ...rows].map(csvLine).join('')
}
