import { product } from '../../index/postprocess/algebra/product.ts'
import { type Rows, rowCount, unitRows } from './rows.ts'

/** Rows compared with all others at a time. */
const BLOCK = 512

/**
 * log of the mean of exp(−2·‖x − y‖²) over all pairs of distinct vectors on the unit sphere (Wang & Isola 2020, arXiv:2005.10242, t = 2). From
 * -4 for directions spread evenly over many dimensions (-8 for two opposite vectors alone) to 0, all on one point: lower keeps more apart.
 *
 * @returns null for fewer than two vectors.
 */
export async function uniformity(rows: Rows): Promise<number | null> {
  const n = rowCount(rows)
  const d = rows.dimension
  if (n < 2) return null
  const units = { data: unitRows(rows), rows: n, columns: d }
  let sum = 0
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const some = { data: units.data.subarray(from * d, to * d), rows: to - from, columns: d }
    const { data: cosines } = await product(some, units, 'second')
    for (let i = from; i < to; i++)
      for (let j = i + 1; j < n; j++) sum += Math.exp(4 * cosines[(i - from) * n + j]! - 4)
  }
  return Math.log(sum / ((n * (n - 1)) / 2))
}
