import { fallingMinimum, inOrder } from './order.ts'

/** Holm's factors stepped up from the largest p; for tests that are independent or positively dependent. Hochberg, Biometrika 75 (1988). */
export function hochberg(p: readonly number[]): number[] {
  return inOrder(p, (ascending) => fallingMinimum(ascending.map((value, i) => value * (p.length - i))))
}
