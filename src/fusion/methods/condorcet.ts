import { compareIds } from '../../data/id-order.ts'
import type { Table } from '../table.ts'
import { borda } from './borda.ts'

/**
 * Condorcet fuse: an order in which each document has at least as many runs above the next one as below it; the score is
 * the place from the end. Montague and Aslam, "Condorcet fusion for improved retrieval", CIKM 2002. Majorities may run in
 * circles, so such an order is seldom the only one: this one starts from Borda's count (ties by id) and moves a document
 * only where a majority wants it, which gives the same result on every machine. (ranx starts from the order of a Python
 * set, which changes from process to process.)
 */
export function condorcet(table: Table): Float64Array {
  const points = borda(table)
  const start = table.ids
    .map((_, row) => row)
    .sort((a, b) => points[b]! - points[a]! || compareIds(table.ids[b]!, table.ids[a]!))
  const order = mergeSort(start, (a, b) => majority(table, a, b) >= 0)
  const fused = new Float64Array(order.length)
  order.forEach((row, place) => {
    fused[row] = order.length - place
  })
  return fused
}

/** Runs that rank `a` above `b`, less those that rank it below; a run that lacks a document ranks it last. */
export function majority(table: Table, a: number, b: number): number {
  let votes = 0
  for (let run = 0; run < table.runs; run++) {
    const x = table.ranks[a * table.runs + run]!
    const y = table.ranks[b * table.runs + run]!
    if (x === y) continue
    votes += x >= 0 && (y < 0 || x < y) ? 1 : -1
  }
  return votes
}

/** Written out because the engine's own sort promises nothing for a relation with circles; neighbours of this one's result have always met. */
function mergeSort(rows: readonly number[], stays: (a: number, b: number) => boolean): number[] {
  if (rows.length < 2) return [...rows]
  const middle = rows.length >> 1
  const left = mergeSort(rows.slice(0, middle), stays)
  const right = mergeSort(rows.slice(middle), stays)
  const merged: number[] = []
  let i = 0
  let j = 0
  while (i < left.length && j < right.length) merged.push(stays(left[i]!, right[j]!) ? left[i++]! : right[j++]!)
  while (i < left.length) merged.push(left[i++]!)
  while (j < right.length) merged.push(right[j++]!)
  return merged
}
