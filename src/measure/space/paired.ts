import { type Rows, rowCount, unitRows } from './rows.ts'

/**
 * Mean cosine of row i of one space and row i of the other, from -1 to 1. Says something only where both come from the same axes: a model and its
 * fine-tuned sibling, or one model in two precisions.
 *
 * @returns null where the dimensions differ or there are no rows.
 */
export function meanPairedCosine(a: Rows, b: Rows): number | null {
  const n = rowCount(a)
  if (a.dimension !== b.dimension || n === 0) return null
  const [x, y] = [unitRows(a), unitRows(b)]
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0) / n
}
