import type { Matrix } from '../../index/postprocess/algebra/product.ts'

/** A part of a matrix, copied. */
export function block(
  { data, columns }: Matrix<Float64Array>,
  row: number,
  rows: number,
  column: number,
  width: number,
): Matrix<Float64Array> {
  const out = new Float64Array(rows * width)
  for (let r = 0; r < rows; r++)
    out.set(data.subarray((row + r) * columns + column, (row + r) * columns + column + width), r * width)
  return { data: out, rows, columns: width }
}

export function transposed({ data, rows, columns }: Matrix<Float64Array>): Matrix<Float64Array> {
  const out = new Float64Array(data.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!
  return { data: out, rows: columns, columns: rows }
}

/** Products of a matrix with itself are symmetric but for rounding; decompositions want them exactly so. Changed in place. */
export function symmetric(data: Float64Array, size: number): Matrix<Float64Array> {
  for (let r = 0; r < size; r++)
    for (let c = 0; c < r; c++) {
      const value = (data[r * size + c]! + data[c * size + r]!) / 2
      data[r * size + c] = value
      data[c * size + r] = value
    }
  return { data, rows: size, columns: size }
}

export function traceOf({ data, rows }: Matrix<Float64Array>): number {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += data[i * rows + i]!
  return sum
}
