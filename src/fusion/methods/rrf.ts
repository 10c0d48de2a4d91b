import { eachRow, sumPresent, type Table } from '../table.ts'

/** Reciprocal rank fusion: the sum of 1 / (k + rank). Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009. */
export function rrf(table: Table, { k }: { k: number }): Float64Array {
  return eachRow(table, (row) => sumPresent(table, row, (cell) => 1 / (k + table.ranks[cell]! + 1)))
}

/** The same with each run's share multiplied by its weight: weighted RRF, as Elasticsearch and others offer it. */
export function weightedRrf(table: Table, { k, weights }: { k: number; weights: readonly number[] }): Float64Array {
  return eachRow(table, (row) => sumPresent(table, row, (cell) => 1 / (k + table.ranks[cell]! + 1), weights))
}
