import { countPresent, eachRow, sumScores, type Table } from '../table.ts'

/** CombMNZ: the sum of the scores times the number of runs that have the document. Fox and Shaw, TREC-2 (1993). */
export function combMnz(table: Table): Float64Array {
  return eachRow(table, (row) => sumScores(table, row) * countPresent(table, row))
}
