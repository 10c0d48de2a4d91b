import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'
import { NO_VARIANCE } from './fit-input.ts'
import { block } from './matrix.ts'

/** Up to this size in plain loops; larger ones are halved, so that nearly all the work is products. */
const DIRECT = 48

/**
 * L⁻¹ of the Cholesky factor L of a symmetric matrix S = L·Lᵀ: R with R·S·Rᵀ = 1, so that vectors times Rᵀ are white where S is their covariance.
 * By halves: the factor of a corner, then that of the rest without what the corner explains (Golub and Van Loan, Matrix Computations, section
 * 4.2.9). Four thirds of n³ operations, where eigenvectors would take some twenty times as long.
 *
 * @returns Lower triangular; null if S has directions without variance, as far as its pivots show.
 */
export async function inverseFactor(matrix: Matrix<Float64Array>): Promise<Matrix<Float64Array> | null> {
  let largest = 0
  for (let i = 0; i < matrix.rows; i++) largest = Math.max(largest, matrix.data[i * matrix.rows + i]!)
  return factor(matrix, NO_VARIANCE * largest)
}

async function factor(matrix: Matrix<Float64Array>, least: number): Promise<Matrix<Float64Array> | null> {
  const n = matrix.rows
  if (n <= DIRECT) return direct(matrix, least)
  const h = n >> 1
  const corner = await factor(block(matrix, 0, h, 0, h), least)
  if (corner === null) return null
  const below = await product(block(matrix, h, n - h, 0, h), corner, 'second')
  const explained = await product(below, below, 'second')
  const rest = block(matrix, h, n - h, h, n - h)
  for (let i = 0; i < rest.data.length; i++) rest.data[i] = rest.data[i]! - explained.data[i]!
  const last = await factor(rest, least)
  if (last === null) return null
  const beside = await product(last, await product(below, corner))
  const data = new Float64Array(n * n)
  for (let r = 0; r < h; r++) data.set(corner.data.subarray(r * h, (r + 1) * h), r * n)
  for (let r = 0; r < n - h; r++) {
    for (let c = 0; c < h; c++) data[(h + r) * n + c] = -beside.data[r * h + c]!
    data.set(last.data.subarray(r * (n - h), (r + 1) * (n - h)), (h + r) * n + h)
  }
  return { data, rows: n, columns: n }
}

function direct({ data, rows: n }: Matrix<Float64Array>, least: number): Matrix<Float64Array> | null {
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = data[i * n + j]!
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!
      if (i > j) l[i * n + j] = sum / l[j * n + j]!
      else if (sum > least) l[i * n + i] = Math.sqrt(sum)
      else return null
    }
  const inverse = new Float64Array(n * n)
  for (let c = 0; c < n; c++)
    for (let r = c; r < n; r++) {
      let sum = r === c ? 1 : 0
      for (let k = c; k < r; k++) sum -= l[r * n + k]! * inverse[k * n + c]!
      inverse[r * n + c] = sum / l[r * n + r]!
    }
  return { data: inverse, rows: n, columns: n }
}
