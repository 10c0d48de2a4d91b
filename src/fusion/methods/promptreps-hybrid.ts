import { eachRow, type Table } from '../table.ts'

/**
 * PromptReps' hybrid of a dense run, the first, and a sparse one, the second: alpha times the dense score plus 1 − alpha times the sparse
 * one, where a run that lacks the document adds nothing. Meant for scores min–max normalised over each run's own first 1,000 documents. Where
 * a run has no document at all for the query, the other stands in for it; else this is the weighted sum. Zhuang, Ma, Koopman, Lin and Zuccon,
 * "PromptReps", EMNLP 2024, and `hybrid.py` of its code.
 */
export function promptrepsHybrid(table: Table, { alpha }: { alpha: number }): Float64Array {
  const { scores, lengths } = table
  const dense = lengths[0] === 0 ? 1 : 0
  const sparse = lengths[1] === 0 ? 0 : 1
  const score = (row: number, run: number) => {
    const found = scores[2 * row + run]!
    return Number.isNaN(found) ? 0 : found
  }
  return eachRow(table, (row) => alpha * score(row, dense) + (1 - alpha) * score(row, sparse))
}
