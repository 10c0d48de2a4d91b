import type { StudyResults } from '../study/results.ts'
import { csvLine } from './csv-text.ts'

/**
 * One row per published figure on the study's collections: value, whether it compares and why not, and where it was read. Header,
 * RFC 4180, `\n`; a study of the user's own data alone has the header alone.
 */
export function renderPublishedCsv(results: StudyResults): string {
  const rows = (results.published ?? []).map((row) => [
    results.study,
    row.collection,
    row.dataset,
    row.system,
    row.kind,
    row.measure,
    row.value,
    row.comparable,
    row.reasons.map(({ code }) => code).join(' '),
    row.reasons.map(({ text }) => text).join('; '),
    row.counterparts.join(' '),
    row.source.id,
    row.source.title,
    row.source.url,
    row.note ?? null,
  ])
  return [HEAD, ...rows].map(csvLine).join('')
}

const HEAD = [
  'study',
  'collection',
  'dataset',
  'system',
  'kind',
  'measure',
  'value',
  'comparable',
  'reason_codes',
  'reasons',
  'same_bm25_as',
  'source',
  'source_title',
  'source_address',
  'note',
]
