import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix'

/** A product B·A of an outputs × rank and a rank × inputs matrix, both row after row. */
export interface LowRank {
  readonly b: Float32Array
  readonly a: Float32Array
  readonly rank: number
}

/**
 * The nearest product of a smaller rank (Eckart & Young 1936): the QR decompositions of B and Aᵀ leave a rank × rank matrix, whose singular values
 * decide; the product itself, which may have hundreds of millions of numbers, is never made.
 *
 * @returns Also the share of the squared numbers that is kept, 0 to 1.
 */
export function reduceRank({ b, a, rank }: LowRank, to: number): LowRank & { readonly kept: number } {
  const [outputs, inputs] = [b.length / rank, a.length / rank]
  const left = new QrDecomposition(matrixOf(b, outputs, rank))
  const right = new QrDecomposition(matrixOf(a, rank, inputs).transpose())
  const core = left.upperTriangularMatrix.mmul(right.upperTriangularMatrix.transpose())
  const {
    leftSingularVectors: u,
    rightSingularVectors: v,
    diagonal,
  } = new SingularValueDecomposition(core, {
    autoTranspose: true,
  })
  const rankLeft = Math.min(to, diagonal.length)
  const roots = diagonal.slice(0, rankLeft).map((value) => Math.sqrt(value))
  const first = (vectors: Matrix) => vectors.subMatrix(0, vectors.rows - 1, 0, rankLeft - 1).mulRowVector(roots)
  const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0)
  const all = squares(diagonal)
  return {
    b: Float32Array.from(left.orthogonalMatrix.mmul(first(u)).to1DArray()),
    a: Float32Array.from(right.orthogonalMatrix.mmul(first(v)).transpose().to1DArray()),
    rank: rankLeft,
    kept: all === 0 ? 1 : squares(diagonal.slice(0, rankLeft)) / all,
  }
}

function matrixOf(numbers: Float32Array, rows: number, columns: number): Matrix {
  return Matrix.from1DArray(rows, columns, numbers)
}
