import { countPresent, eachRow, sumScores, type Table } from '../table.ts'

/** CombANZ: the mean score over the runs that have the document. Fox and Shaw, TREC-2 (1993). */
export function combAnz(table: Table): Float64Array {
  return eachRow(table, (row) => sumScores(table, row) / countPresent(table, row))
}
