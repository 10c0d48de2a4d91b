import { leaderboard } from '../../src/report/leaderboard.ts'
import type { CollectionScores } from '../../src/report/page-data.ts'
import type { CollectionEvidence, StudyResults } from '../../src/study/results.ts'
import type { Filter, QueryOrder, View } from './view.ts'

/** One query under two retrievers. */
export interface PairRow {
  readonly id: string
  /** Null when the page keeps no text of this query. */
  readonly text: string | null
  /** Whether the page keeps the documents found for it. */
  readonly hasDocuments: boolean
  /** Null: the run has no value; the mean counts it as 0, and so does the difference. */
  readonly a: number | null
  readonly b: number | null
  readonly difference: number
}

export interface PairCounts {
  readonly wins: number
  readonly losses: number
  readonly ties: number
}

/** Values are rounded to six digits in the page; what is closer is equal. */
const EPSILON = 1e-9

/** Retrievers with a result on this collection, best first. */
export function rankedRetrievers(results: StudyResults, measure: string, collection: string): string[] {
  const board = leaderboard(results, measure)
  const column = board.collections.findIndex((c) => c.name === collection)
  return board.rows
    .flatMap((row) => {
      const cell = row.cells[column]
      return cell?.trial?.status === 'done' ? [{ id: row.retriever.id, value: cell.value ?? -Infinity }] : []
    })
    .sort((x, y) => y.value - x.value)
    .map((row) => row.id)
}

/** The two retrievers to compare: those chosen, or the best against the baseline (the runner-up where the baseline is best). */
export function choosePair(ranked: readonly string[], view: View, baseline: string | null): readonly [string, string] {
  const chosen = (id: string) => (ranked.includes(id) ? id : undefined)
  const second = chosen(view.b) ?? chosen(baseline ?? '')
  const a = chosen(view.a) ?? ranked.find((id) => id !== second) ?? ranked[0] ?? ''
  const b = second !== undefined && (second !== a || view.b === second) ? second : ranked.find((id) => id !== a)
  return [a, b ?? a]
}

export function pairRows(
  scores: CollectionScores,
  evidence: CollectionEvidence | null,
  measure: string,
  a: string,
  b: string,
): PairRow[] {
  const texts = evidence?.queryTexts ?? {}
  const detailed = new Set(evidence?.queries.map((query) => query.id))
  const valuesA = scores.values[a]?.[measure] ?? []
  const valuesB = scores.values[b]?.[measure] ?? []
  return scores.queries.map((id, i) => {
    const x = valuesA[i] ?? null
    const y = valuesB[i] ?? null
    const text = Object.hasOwn(texts, id) ? texts[id]! : null
    return { id, text, hasDocuments: detailed.has(id), a: x, b: y, difference: (x ?? 0) - (y ?? 0) }
  })
}

export function outcome(row: PairRow): Exclude<Filter, 'all'> {
  if (Math.abs(row.difference) < EPSILON) return 'ties'
  return row.difference > 0 ? 'wins' : 'losses'
}

export function countOutcomes(rows: readonly PairRow[]): PairCounts {
  const counts = { wins: 0, losses: 0, ties: 0 }
  for (const row of rows) counts[outcome(row)]++
  return counts
}

/** Rows that pass the filter and hold all words searched for, in the order asked for. */
export function selectRows(rows: readonly PairRow[], filter: Filter, search: string): PairRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    if (filter !== 'all' && outcome(row) !== filter) return false
    if (words.length === 0) return true
    const text = `${row.id} ${row.text ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

export function orderRows(rows: readonly PairRow[], order: QueryOrder, reverse: boolean): PairRow[] {
  const by: Record<QueryOrder, (x: PairRow, y: PairRow) => number> = {
    difference: (x, y) => y.difference - x.difference,
    size: (x, y) => Math.abs(y.difference) - Math.abs(x.difference),
    a: (x, y) => (y.a ?? -1) - (x.a ?? -1),
    b: (x, y) => (y.b ?? -1) - (x.b ?? -1),
    query: (x, y) => x.id.localeCompare(y.id, 'en', { numeric: true }),
  }
  const direction = reverse ? -1 : 1
  return [...rows].sort((x, y) => direction * by[order](x, y))
}
