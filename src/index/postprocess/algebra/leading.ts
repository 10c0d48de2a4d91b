import { throwIfAborted } from '../../../core/errors.ts'
import { decompose, type Eigen, settleSigns } from './decompose.ts'
import { type Matrix, product } from './product.ts'

/** Vectors iterated beyond those wanted: the more, the faster these settle. */
const GUARD = 16
/** Largest ‖S·v − λ·v‖ allowed, as a share of the largest eigenvalue. */
const TOLERANCE = 1e-11
const MOST_ROUNDS = 300
/** Products between two looks at how far the vectors have settled. */
const PRODUCTS = 4

/**
 * The `count` largest eigenvalues and vectors of a symmetric matrix without negative eigenvalues, by subspace iteration with Rayleigh–Ritz
 * steps (Saad, Numerical Methods for Large Eigenvalue Problems, 2011, chapter 5). Deterministic.
 *
 * @returns null if the vectors have not settled after all rounds, as where eigenvalues around the last wanted one are nearly equal.
 */
export async function leadingEigen(
  matrix: Matrix<Float64Array>,
  count: number,
  signal?: AbortSignal,
): Promise<Eigen | null> {
  const size = matrix.rows
  const width = Math.min(size, count + Math.max(count, GUARD))
  // Vectors are rows; the matrix is symmetric, so it may stand on the right.
  let block: Matrix<Float64Array> = { data: startVectors(width, size), rows: width, columns: size }
  orthonormalise(block)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    throwIfAborted(signal)
    const image = await product(block, matrix)
    const ritz = decompose((await product(image, block, 'second')).data, width)
    const turn = { data: ritz.vectors, rows: width, columns: width }
    block = await product(turn, block)
    const turned = await product(turn, image)
    if (settled(block.data, turned.data, ritz.values, count, size)) {
      const vectors = block.data.slice(0, count * size)
      settleSigns(vectors, size)
      return { size, values: ritz.values.slice(0, count), vectors }
    }
    block = turned
    orthonormalise(block)
    for (let i = 1; i < PRODUCTS; i++) {
      block = await product(block, matrix)
      orthonormalise(block)
    }
  }
  return null
}

function settled(vectors: Float64Array, images: Float64Array, values: Float64Array, count: number, size: number) {
  const most = TOLERANCE * Math.max(values[0]!, Number.MIN_VALUE)
  for (let row = 0; row < count; row++) {
    let squares = 0
    for (let i = row * size; i < (row + 1) * size; i++) squares += (images[i]! - values[row]! * vectors[i]!) ** 2
    if (Math.sqrt(squares) > most) return false
  }
  return true
}

/** Numbers between -1 and 1 without pattern, always the same (a linear congruential generator, constants of Numerical Recipes). */
function startVectors(rows: number, size: number): Float64Array {
  let state = 20240601
  return Float64Array.from({ length: rows * size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/** Gram–Schmidt, each row twice, which is enough for full float64 accuracy; a row that depends on those before it becomes zero. */
function orthonormalise({ data, rows, columns }: Matrix<Float64Array>): void {
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * columns, (row + 1) * columns)
    const before = Math.sqrt(dot(own, own))
    for (let pass = 0; pass < 2; pass++)
      for (let other = 0; other < row; other++) {
        const axis = data.subarray(other * columns, (other + 1) * columns)
        const share = dot(own, axis)
        for (let i = 0; i < columns; i++) own[i] = own[i]! - share * axis[i]!
      }
    const length = Math.sqrt(dot(own, own))
    if (length <= 1e-13 * before) own.fill(0)
    else for (let i = 0; i < columns; i++) own[i] = own[i]! / length
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
