import { eachRow, sumPresent, sumScores, type Table } from '../table.ts'

/** The sum of the scores times the sum of the weights of the runs that have the document. Wu and Crestani, "Data fusion with estimated weights", CIKM 2002. */
export function weightedMnz(table: Table, { weights }: { weights: readonly number[] }): Float64Array {
  return eachRow(table, (row) => sumScores(table, row) * sumPresent(table, row, () => 1, weights))
}
