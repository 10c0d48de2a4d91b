import { type Matrix, product } from './algebra/product.ts'

/** Mean of all rows, summed in float64. */
export async function meanOf(blocks: AsyncIterable<Float32Array>, dimension: number): Promise<Float64Array> {
  const sums = new Float64Array(dimension)
  let rows = 0
  for await (const block of blocks) {
    rows += block.length / dimension
    for (let start = 0; start < block.length; start += dimension)
      for (let i = 0; i < dimension; i++) sums[i] = sums[i]! + block[start + i]!
  }
  return sums.map((sum) => sum / rows)
}

/** Second moments around the mean. */
export interface Covariance extends Matrix<Float64Array> {
  /** Vectors that it was made of. */
  readonly documents: number
  /** Mean of ‖x − mean‖⁴, which Ledoit and Wolf's shrinkage needs. */
  readonly fourth: number
}

/** Covariance of all rows (divided by their number, not one less), in float64. */
export async function covarianceOf(blocks: AsyncIterable<Float32Array>, mean: Float64Array): Promise<Covariance> {
  const d = mean.length
  const sums = new Float64Array(d * d)
  let documents = 0
  let fourth = 0
  for await (const block of blocks) {
    const rows = block.length / d
    const centred = new Float64Array(block.length)
    for (let start = 0; start < block.length; start += d) {
      let squares = 0
      for (let i = 0; i < d; i++) {
        const x = block[start + i]! - mean[i]!
        centred[start + i] = x
        squares += x * x
      }
      fourth += squares * squares
    }
    const matrix = { data: centred, rows, columns: d }
    const { data } = await product(matrix, matrix, 'first')
    for (let i = 0; i < data.length; i++) sums[i] = sums[i]! + data[i]!
    documents += rows
  }
  // Products of a matrix with itself are symmetric but for rounding; decompositions want them exactly so.
  const data = new Float64Array(d * d)
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      const value = (sums[i * d + j]! + sums[j * d + i]!) / (2 * documents)
      data[i * d + j] = value
      data[j * d + i] = value
    }
  return { data, rows: d, columns: d, documents, fourth: fourth / documents }
}

/** Sum of the variances of all dimensions. */
export function trace({ data, rows }: Matrix<Float64Array>): number {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += data[i * rows + i]!
  return sum
}

/**
 * How far the covariance S should be drawn towards μI, μ its mean variance: (1 − ρ)·S + ρ·μI is nearest to the true covariance in expectation
 * (Ledoit & Wolf 2004, A well-conditioned estimator for large-dimensional covariance matrices; computed as scikit-learn does, from sums that
 * need one vector at a time).
 *
 * @returns ρ from 0 to 1: near 1 for few documents in many dimensions.
 */
export function ledoitWolf(covariance: Covariance): number {
  const { data, rows: d, documents, fourth } = covariance
  const mean = trace(covariance) / d
  let squares = 0
  for (const x of data) squares += x * x
  const distance = squares / d - mean * mean
  // Σ‖xxᵀ − S‖² over all documents is n·(fourth − ‖S‖²).
  const noise = Math.max(0, Math.min((fourth - squares) / (documents * d), distance))
  return noise === 0 ? 0 : noise / distance
}
