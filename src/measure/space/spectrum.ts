import { symmetricEigen } from '../../index/postprocess/algebra/eigen.ts'
import { product } from '../../index/postprocess/algebra/product.ts'
import { centredRows, type Rows, rowCount } from './rows.ts'

/** How variance spreads over directions. */
export interface Spectrum {
  /**
   * exp of the entropy of the eigenvalues of the covariance, as shares (Roy & Vetterli 2007, The effective rank). From 1, all variance along one
   * direction, to the dimension, or to n − 1 for n vectors: compare only samples of equal size.
   */
  readonly effectiveRank: number
  /** (Σλ)² / Σλ²: the same range and meaning, more moved by the largest eigenvalues. */
  readonly participationRatio: number
  /** Share of the variance along the first principal component, from 1/dimension to 1. */
  readonly firstComponentShare: number
}

/**
 * Eigenvalues of the covariance, or of the vectors' inner products where these are fewer than the dimensions: but for zeros they are the same.
 *
 * @returns null for fewer than two vectors, or where all are equal.
 */
export async function spectrum(rows: Rows, signal?: AbortSignal): Promise<Spectrum | null> {
  const n = rowCount(rows)
  const d = rows.dimension
  if (n < 2) return null
  const centred = { data: centredRows(rows), rows: n, columns: d }
  const matrix = await product(centred, centred, n < d ? 'second' : 'first')
  const { values } = await symmetricEigen(matrix, signal)
  let [sum, squares] = [0, 0]
  for (const value of values) {
    sum += Math.max(0, value)
    squares += value * value
  }
  // Vectors that differ by no more than the rounding of float32 are equal.
  const length = rows.vectors.reduce((total, x) => total + x * x, 0)
  if (sum <= 1e-12 * length) return null
  let entropy = 0
  for (const value of values) if (value > 0) entropy -= (value / sum) * Math.log(value / sum)
  return {
    effectiveRank: Math.exp(entropy),
    participationRatio: (sum * sum) / squares,
    firstComponentShare: values[0]! / sum,
  }
}
