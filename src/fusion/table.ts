/** One run's documents for one query, best first. */
export interface RankedList {
  readonly ids: readonly string[]
  readonly scores: Float64Array
}

/** All documents that any run has for one query, with the place of each in each run. */
export interface Table {
  readonly ids: readonly string[]
  readonly runs: number
  /** Score of document d in run r at `d * runs + r`; NaN where the run does not have it. */
  readonly scores: Float64Array
  /** Its rank there, from 0; −1 where the run does not have it. */
  readonly ranks: Int32Array
  /** How many documents each run has. */
  readonly lengths: readonly number[]
}

/** The distinct ids of the lists, in order of appearance. */
export function candidatesOf(lists: readonly RankedList[]): string[] {
  return [...new Set(lists.flatMap((list) => list.ids))]
}

export function tableOf(lists: readonly RankedList[], ids: readonly string[]): Table {
  const runs = lists.length
  const rows = new Map(ids.map((id, row) => [id, row]))
  const scores = new Float64Array(ids.length * runs).fill(Number.NaN)
  const ranks = new Int32Array(ids.length * runs).fill(-1)
  lists.forEach((list, run) => {
    for (let rank = 0; rank < list.ids.length; rank++) {
      const cell = rows.get(list.ids[rank]!)! * runs + run
      scores[cell] = list.scores[rank]!
      ranks[cell] = rank
    }
  })
  return { ids, runs, scores, ranks, lengths: lists.map((list) => list.ids.length) }
}

/** In how many runs the document of this row stands. */
export function countPresent(table: Table, row: number): number {
  let count = 0
  for (let cell = row * table.runs; cell < (row + 1) * table.runs; cell++) if (table.ranks[cell]! >= 0) count++
  return count
}

/** The fused score of each document. */
export function eachRow(table: Table, score: (row: number) => number): Float64Array {
  const fused = new Float64Array(table.ids.length)
  for (let row = 0; row < fused.length; row++) fused[row] = score(row)
  return fused
}

/** Sum over the runs that have the document: of a value of the cell, times the run's weight if there are weights. */
export function sumPresent(
  table: Table,
  row: number,
  value: (cell: number) => number,
  weights?: readonly number[],
): number {
  let sum = 0
  for (let run = 0; run < table.runs; run++) {
    const cell = row * table.runs + run
    if (table.ranks[cell]! >= 0) sum += weights ? weights[run]! * value(cell) : value(cell)
  }
  return sum
}

/** Sum of the document's scores. */
export function sumScores(table: Table, row: number, weights?: readonly number[]): number {
  return sumPresent(table, row, (cell) => table.scores[cell]!, weights)
}
