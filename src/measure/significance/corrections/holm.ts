import { inOrder, risingMaximum } from './order.ts'

/** Step-down Bonferroni: never weaker, under no more assumptions. Holm, Scandinavian Journal of Statistics 6 (1979). */
export function holm(p: readonly number[]): number[] {
  return inOrder(p, (ascending) => risingMaximum(ascending.map((value, i) => value * (p.length - i))))
}
