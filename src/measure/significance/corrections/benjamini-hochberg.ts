import { fallingMinimum, inOrder } from './order.ts'

/** Holds the share of false findings among the findings, not the chance of any. Benjamini and Hochberg, JRSS B 57 (1995). */
export function benjaminiHochberg(p: readonly number[]): number[] {
  return inOrder(p, (ascending) => fallingMinimum(ascending.map((value, i) => (value * p.length) / (i + 1))))
}
