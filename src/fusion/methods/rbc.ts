import { eachRow, sumPresent, type Table } from '../table.ts'

/** Rank-biased centroid: the sum of (1 − phi)·phi^(rank − 1), phi being a reader's patience. Bailey, Moffat, Scholer and Thomas, "Retrieval consistency in the presence of query variations", SIGIR 2017. */
export function rbc(table: Table, { phi }: { phi: number }): Float64Array {
  return eachRow(table, (row) => sumPresent(table, row, (cell) => (1 - phi) * phi ** table.ranks[cell]!))
}
