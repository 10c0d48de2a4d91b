import { countPresent, eachRow, sumScores, type Table } from '../table.ts'

/** CombGMNZ: CombMNZ with the number of runs raised to gamma (0 is CombSUM, 1 is CombMNZ). Lee, "Analyses of multiple evidence combination", SIGIR 1997. */
export function combGmnz(table: Table, { gamma }: { gamma: number }): Float64Array {
  return eachRow(table, (row) => sumScores(table, row) * countPresent(table, row) ** gamma)
}
