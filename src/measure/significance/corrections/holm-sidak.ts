import { inOrder, risingMaximum } from './order.ts'

/** Holm's steps with Šidák's 1 − (1 − p)^k in place of k·p; for independent tests. */
export function holmSidak(p: readonly number[]): number[] {
  return inOrder(p, (ascending) =>
    // expm1 and log1p keep the digits of small p-values.
    risingMaximum(ascending.map((value, i) => -Math.expm1((p.length - i) * Math.log1p(-value)))),
  )
}
