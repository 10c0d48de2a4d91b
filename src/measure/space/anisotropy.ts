import { type Rows, rowCount, unitRows } from './rows.ts'

/**
 * Mean cosine of all pairs of distinct vectors (Ethayarajh 2019, arXiv:1909.00512, who samples pairs; here all, through the sum of the unit
 * vectors: ‖Σu‖² = n + 2·Σcosines). From -1/(n − 1) to 1. Near 0: directions spread over the whole space; near 1: all vectors lie in a narrow cone, so that
 * cosines differ little, and rounding or truncation may change rankings. Centring brings it near 0.
 *
 * @returns null for fewer than two vectors.
 */
export function anisotropy(rows: Rows): number | null {
  const n = rowCount(rows)
  if (n < 2) return null
  const d = rows.dimension
  const sum = new Float64Array(d)
  unitRows(rows).forEach((x, at) => {
    sum[at % d] = sum[at % d]! + x
  })
  return (sum.reduce((squares, x) => squares + x * x, 0) - n) / (n * (n - 1))
}
