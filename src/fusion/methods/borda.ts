import { eachRow, type Table } from '../table.ts'

/**
 * Borda's count: with n candidates a run gives n points to its first document, n − 1 to the second …, and shares the
 * points that are left evenly among the candidates that it lacks. Aslam and Montague, "Models for metasearch", SIGIR 2001.
 */
export function borda(table: Table, { weights }: { weights?: readonly number[] } = {}): Float64Array {
  const candidates = table.ids.length
  return eachRow(table, (row) => {
    let points = 0
    for (let run = 0; run < table.runs; run++) {
      const rank = table.ranks[row * table.runs + run]!
      const given = rank >= 0 ? candidates - rank : (candidates - table.lengths[run]! + 1) / 2
      points += (weights?.[run] ?? 1) * given
    }
    return points
  })
}
