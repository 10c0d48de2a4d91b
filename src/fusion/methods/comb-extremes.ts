import { eachRow, type Table } from '../table.ts'

function present(table: Table, row: number): Float64Array {
  return table.scores.slice(row * table.runs, (row + 1) * table.runs).filter((score) => !Number.isNaN(score))
}

/** CombMIN: the lowest score among the runs that have the document. Fox and Shaw, TREC-2 (1993). */
export function combMin(table: Table): Float64Array {
  return eachRow(table, (row) => Math.min(...present(table, row)))
}

/** CombMAX: the highest score. */
export function combMax(table: Table): Float64Array {
  return eachRow(table, (row) => Math.max(...present(table, row)))
}

/** CombMED: the median score. */
export function combMed(table: Table): Float64Array {
  return eachRow(table, (row) => {
    const scores = present(table, row).sort()
    const middle = scores.length >> 1
    return scores.length % 2 === 1 ? scores[middle]! : (scores[middle - 1]! + scores[middle]!) / 2
  })
}
