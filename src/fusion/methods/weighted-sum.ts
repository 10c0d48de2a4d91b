import { eachRow, sumScores, type Table } from '../table.ts'

/** The sum of the scores, each times its run's weight; a run that lacks the document adds nothing. */
export function weightedSum(table: Table, { weights }: { weights: readonly number[] }): Float64Array {
  return eachRow(table, (row) => sumScores(table, row, weights))
}
