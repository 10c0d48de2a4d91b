import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'

/** Added along the diagonal, as a share of the largest singular value: directions of which the data say nothing keep their axis. */
const PRIOR = 1e-9
/** Largest error of a row's length or of a right angle. */
const TOLERANCE = 1e-10
const MOST_ROUNDS = 120
const POWER_ROUNDS = 30

/**
 * The matrix with orthonormal rows that is nearest to A: U·Vᵀ of its singular value decomposition, which solves the orthogonal Procrustes
 * problem (Schönemann, Psychometrika 31, 1966). By Newton–Schulz iteration, X ← 1.5·X − 0.5·X·Xᵀ·X (Higham, Functions of Matrices, 2008,
 * section 8.3), which needs products alone: some fifty rounds of two products, where a decomposition of 3,584 dimensions would take half an hour.
 *
 * @param matrix No more rows than columns.
 * @throws FieldtrialError `INTERNAL` if it does not settle; `CANCELLED`.
 */
export async function orthonormalRows(
  matrix: Matrix<Float64Array>,
  signal?: AbortSignal,
): Promise<Matrix<Float64Array>> {
  const { rows, columns } = matrix
  const norm = await spectralNorm(matrix)
  let x: Matrix<Float64Array> = { ...matrix, data: matrix.data.map((value) => (norm === 0 ? 0 : value / norm)) }
  for (let i = 0; i < rows; i++) x.data[i * columns + i] = x.data[i * columns + i]! + (norm === 0 ? 1 : PRIOR)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    throwIfAborted(signal)
    const gram = await product(x, x, 'second')
    let error = 0
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < rows; j++) error = Math.max(error, Math.abs(gram.data[i * rows + j]! - (i === j ? 1 : 0)))
    if (error < TOLERANCE) return x
    const step = { ...gram, data: gram.data.map((value, at) => (at % (rows + 1) === 0 ? 1.5 : 0) - 0.5 * value) }
    x = await product(step, x)
  }
  throw new FieldtrialError('INTERNAL', 'The alignment of two embedding spaces does not settle.', {
    hint: 'Please report this; meanwhile, make the spaces smaller (`postprocess: [{ pca: N }]`).',
  })
}

/** The largest singular value, by power iteration, a little more rather than less: the iteration above needs a norm below √3. */
async function spectralNorm(matrix: Matrix<Float64Array>): Promise<number> {
  let vector = new Float64Array(matrix.columns).fill(1)
  vector[0] = 1.5
  let norm = 0
  for (let round = 0; round < POWER_ROUNDS; round++) {
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
    if (length === 0) break
    const unit = { data: vector.map((x) => x / length), rows: matrix.columns, columns: 1 }
    const image = await product(matrix, unit)
    norm = Math.sqrt(image.data.reduce((sum, x) => sum + x * x, 0))
    vector = (await product(matrix, image, 'first')).data as Float64Array<ArrayBuffer>
  }
  const frobenius = Math.sqrt(matrix.data.reduce((sum, x) => sum + x * x, 0))
  return Math.min(frobenius, norm * 1.05) || frobenius
}
