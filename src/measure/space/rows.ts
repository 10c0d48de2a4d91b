/** Vectors row after row, n × dimension; the same shape as encoders and stores give. */
export interface Rows {
  readonly vectors: Float32Array
  readonly dimension: number
}

/** What must be left out, and why. */
export interface SoundRows extends Rows {
  /** Numbers of the rows that are kept, ascending. */
  readonly kept: Uint32Array
  /** Rows with NaN or infinity. */
  readonly notFinite: number
  /** Rows of zeros. */
  readonly zeros: number
}

/** The rows that point somewhere: not those with NaN or infinity, nor those of zeros. */
export function soundRows({ vectors, dimension }: Rows): SoundRows {
  const kept: number[] = []
  let [notFinite, zeros] = [0, 0]
  for (let row = 0; row < vectors.length / dimension; row++) {
    let squares = 0
    for (let i = row * dimension; i < (row + 1) * dimension; i++) squares += vectors[i]! * vectors[i]!
    if (!Number.isFinite(squares)) notFinite++
    else if (squares === 0) zeros++
    else kept.push(row)
  }
  if (kept.length === vectors.length / dimension)
    return { vectors, dimension, kept: Uint32Array.from(kept), notFinite, zeros }
  return { ...rowsAt({ vectors, dimension }, kept), kept: Uint32Array.from(kept), notFinite, zeros }
}

/** Some rows, in the order asked for. */
export function rowsAt({ vectors, dimension }: Rows, which: ArrayLike<number>): Rows {
  const some = new Float32Array(which.length * dimension)
  for (let i = 0; i < which.length; i++)
    some.set(vectors.subarray(which[i]! * dimension, (which[i]! + 1) * dimension), i * dimension)
  return { vectors: some, dimension }
}

export const rowCount = ({ vectors, dimension }: Rows): number => vectors.length / dimension

/** Rows scaled to length 1, in float64. */
export function unitRows({ vectors, dimension }: Rows): Float64Array {
  const units = Float64Array.from(vectors)
  for (let start = 0; start < units.length; start += dimension) {
    let squares = 0
    for (let i = start; i < start + dimension; i++) squares += units[i]! ** 2
    const length = Math.sqrt(squares) || 1
    for (let i = start; i < start + dimension; i++) units[i] = units[i]! / length
  }
  return units
}

/** Mean of all rows. */
export function meanRow(numbers: Float32Array | Float64Array, dimension: number): Float64Array {
  const mean = new Float64Array(dimension)
  const rows = numbers.length / dimension
  for (let at = 0; at < numbers.length; at++) mean[at % dimension] = mean[at % dimension]! + numbers[at]! / rows
  return mean
}

/** Rows less their mean, in float64. */
export function centredRows({ vectors, dimension }: Rows): Float64Array {
  const mean = meanRow(vectors, dimension)
  return Float64Array.from(vectors, (x, at) => x - mean[at % dimension]!)
}
