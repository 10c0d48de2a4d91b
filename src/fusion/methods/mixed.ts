import { countPresent, eachRow, sumScores, type Table } from '../table.ts'

/** The weighted sum times the square root of the number of runs that have the document: between weighted sum and weighted MNZ. Wu and Crestani, CIKM 2002. */
export function mixed(table: Table, { weights }: { weights: readonly number[] }): Float64Array {
  return eachRow(table, (row) => sumScores(table, row, weights) * Math.sqrt(countPresent(table, row)))
}
