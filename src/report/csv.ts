import type { StudyResults } from '../study/results.ts'
import { tokensPerSecond } from './cost.ts'
import { testedColumns } from './csv-tested.ts'
import { csvLine as line, type CsvValue as Value } from './csv-text.ts'

/**
 * One row per trial and measure (long format, RFC 4180, header, `\n`), with the comparison against the baseline and the cost
 * beside it. Numbers at full precision with a point; empty where there is none; failed trials keep their rows.
 */
export function renderCsv(results: StudyResults): string {
  return [...csvLines(results)].join('')
}

/**
 * One row per collection, query and retriever, with a column per measure (header, RFC 4180, `\n`). Empty where a query has no
 * value. Large: prefer {@link perQueryCsvLines} to write it to a file.
 */
export function renderPerQueryCsv(results: StudyResults): string {
  return [...perQueryCsvLines(results)].join('')
}

function* csvLines(results: StudyResults): Generator<string> {
  const collections = new Map(results.collections.map((c) => [c.name, c]))
  const retrievers = new Map(results.retrievers.map((r) => [r.id, r]))
  const comparisons = new Map(
    results.comparisons.map((c) => [JSON.stringify([c.collection, c.retriever, c.measure]), c] as const),
  )
  const { comparison } = results
  let header = true
  for (const trial of results.trials) {
    const collection = collections.get(trial.collection)
    const retriever = retrievers.get(trial.retriever)
    for (const measure of results.measures) {
      const c = comparisons.get(JSON.stringify([trial.collection, trial.retriever, measure]))
      const row: Record<string, Value> = {
        study: results.study,
        collection: trial.collection,
        split: collection?.split ?? null,
        retriever: trial.retriever,
        kind: retriever?.kind ?? null,
        measure,
        value: trial.status === 'done' ? (trial.mean[measure] ?? null) : null,
        status: trial.status,
        error: trial.error === null ? null : `${trial.error.code}: ${trial.error.message}`,
        smoke_limit: results.smoke?.limit ?? null,
        queries: collection?.queries ?? null,
        baseline: c?.baseline ?? null,
        ...testedColumns(c),
        test: c ? comparison.test : null,
        correction: c ? comparison.correction : null,
        alpha: c ? comparison.alpha : null,
        dimension: retriever?.dimension ?? null,
        parameters: retriever?.parameters ?? null,
        cached: trial.cost.cached,
        index_seconds: trial.cost.indexSeconds,
        encode_documents_seconds: trial.cost.encodeDocumentsSeconds,
        encode_queries_seconds: trial.cost.encodeQueriesSeconds,
        search_seconds: trial.cost.searchSeconds,
        ms_per_query: trial.cost.msPerQuery,
        index_bytes: trial.cost.indexBytes,
        document_tokens: trial.cost.documentTokens,
        query_tokens: trial.cost.queryTokens,
        tokens_per_second: tokensPerSecond(trial.cost),
        peak_bytes: trial.cost.peakBytes,
        truncated_documents: trial.cost.truncatedDocuments,
        truncated_queries: trial.cost.truncatedQueries,
        task: trial.task?.instruction ?? null,
        task_source: trial.task?.source ?? null,
        fingerprint: trial.fingerprint,
      }
      if (header) yield line(Object.keys(row))
      header = false
      yield line(Object.values(row))
    }
  }
}

/** The lines of {@link renderPerQueryCsv}, one by one: a study with millions of scores is never held as one text. */
export function* perQueryCsvLines(results: StudyResults): Generator<string> {
  yield line(['study', 'collection', 'split', 'smoke_limit', 'query', 'retriever', ...results.measures])
  const splits = new Map(results.collections.map((c) => [c.name, c.split]))
  for (const trial of results.trials) {
    if (trial.status !== 'done') continue
    const scores = results.measures.map((measure) => trial.perQuery[measure] ?? {})
    const queries = new Set(scores.flatMap((byQuery) => Object.keys(byQuery)))
    for (const query of queries)
      yield line([
        results.study,
        trial.collection,
        splits.get(trial.collection) ?? null,
        results.smoke?.limit ?? null,
        query,
        trial.retriever,
        ...scores.map((byQuery) => byQuery[query] ?? null),
      ])
  }
}
