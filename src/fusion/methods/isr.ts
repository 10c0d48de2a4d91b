import { countPresent, eachRow, sumPresent, type Table } from '../table.ts'

function inverseSquares(table: Table, row: number): number {
  return sumPresent(table, row, (cell) => 1 / (table.ranks[cell]! + 1) ** 2)
}

/**
 * Inverse square rank: the sum of 1 / rank² times the number of runs that have the document. Mourão, Martins and
 * Magalhães, "Multimodal medical information retrieval with unsupervised rank fusion", Computerized Medical Imaging and
 * Graphics 39 (2015).
 */
export function isr(table: Table): Float64Array {
  return eachRow(table, (row) => inverseSquares(table, row) * countPresent(table, row))
}

/** The same with the logarithm of that number, so that a document in one run only scores 0. */
export function logIsr(table: Table): Float64Array {
  return eachRow(table, (row) => inverseSquares(table, row) * Math.log(countPresent(table, row)))
}

/** The same with sigma (0 to 1) added before the logarithm, which orders the documents in one run only. */
export function lognIsr(table: Table, { sigma }: { sigma: number }): Float64Array {
  return eachRow(table, (row) => inverseSquares(table, row) * Math.log(countPresent(table, row) + sigma))
}
