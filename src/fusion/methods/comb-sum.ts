import { eachRow, sumScores, type Table } from '../table.ts'

/** CombSUM: the sum of the scores. Fox and Shaw, "Combination of multiple searches", TREC-2 (1993). */
export function combSum(table: Table): Float64Array {
  return eachRow(table, (row) => sumScores(table, row))
}
