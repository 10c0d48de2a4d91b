import { fallingMinimum, inOrder } from './order.ts'

/** Benjamini and Hochberg's for tests that depend on each other in any way. Annals of Statistics 29 (2001). */
export function benjaminiYekutieli(p: readonly number[]): number[] {
  const harmonic = p.reduce((sum, _, i) => sum + 1 / (i + 1), 0)
  return inOrder(p, (ascending) => fallingMinimum(ascending.map((value, i) => (value * p.length * harmonic) / (i + 1))))
}
