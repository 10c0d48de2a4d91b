import type { StudyResults } from '../study/results.ts'
import { type CsvValue, csvLine } from './csv-text.ts'

/**
 * One row per unified collection, retriever, domain and measure, all figures at full precision, and the share of the first documents from each
 * domain in columns of their own. Header, RFC 4180, `\n`; a study without unified collections has the header alone.
 */
export function renderDomainsCsv(results: StudyResults): string {
  const names = [...new Set(results.collections.flatMap(({ domains = [] }) => domains.map(({ name }) => name)))]
  const rows = (results.domains ?? []).flatMap(({ retriever, collection, domains, gaps }) =>
    domains.flatMap(({ domain, queries, unseen, mean, within, shares, scores, againstBest }) =>
      results.measures.map((measure): CsvValue[] => {
        const against = againstBest?.measure === measure ? againstBest : null
        const side = gaps?.sides.find((one) => one.domain === domain)?.gap
        return [
          results.study,
          collection,
          results.smoke?.limit ?? null,
          retriever,
          domain,
          queries,
          unseen,
          measure,
          mean[measure] ?? null,
          within[measure] ?? null,
          shares?.wrong ?? null,
          scores?.mean ?? null,
          scores?.deviation ?? null,
          scores?.shift ?? null,
          scores?.lead ?? null,
          side?.distance ?? null,
          gaps?.modalities?.distance ?? null,
          against?.best ?? null,
          against?.difference ?? null,
          against?.p ?? null,
          against?.pAdjusted ?? null,
          ...names.map((name) => shares?.shares[name] ?? null),
        ]
      }),
    ),
  )
  return [[...HEAD, ...names.map((name) => `share_${name}`)], ...rows].map(csvLine).join('')
}

const HEAD = [
  'study',
  'collection',
  'smoke_limit',
  'retriever',
  'domain',
  'queries',
  'unseen_documents',
  'measure',
  'value',
  'within_domain',
  'wrong_domain',
  'top_score_mean',
  'top_score_deviation',
  'top_score_shift',
  'top_score_lead',
  'query_document_gap',
  'modality_gap',
  'best_single',
  'difference',
  'p',
  'p_adjusted',
]
