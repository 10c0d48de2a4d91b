import type { Rows } from './rows.ts'

/** Lengths of vectors, and what is broken about them. */
export interface Norms {
  readonly vectors: number
  /** Lengths of the finite vectors, those of zeros included; null if there are none. */
  readonly length: { readonly min: number; readonly mean: number; readonly max: number } | null
  /** Vectors with NaN or infinity. */
  readonly notFinite: number
  /** Vectors of zeros. */
  readonly zeros: number
  /** Dimensions in which all finite vectors have the same number, which then carry nothing; 0 for fewer than two vectors. */
  readonly constantDimensions: number
}

export function norms({ vectors, dimension }: Rows): Norms {
  const rows = vectors.length / dimension
  const low = new Float32Array(dimension).fill(Infinity)
  const high = new Float32Array(dimension).fill(-Infinity)
  let [notFinite, zeros, sum, min, max] = [0, 0, 0, Infinity, 0]
  for (let start = 0; start < vectors.length; start += dimension) {
    let squares = 0
    for (let i = start; i < start + dimension; i++) squares += vectors[i]! ** 2
    if (!Number.isFinite(squares)) {
      notFinite++
      continue
    }
    if (squares === 0) zeros++
    const length = Math.sqrt(squares)
    sum += length
    min = Math.min(min, length)
    max = Math.max(max, length)
    for (let i = 0; i < dimension; i++) {
      low[i] = Math.min(low[i]!, vectors[start + i]!)
      high[i] = Math.max(high[i]!, vectors[start + i]!)
    }
  }
  const finite = rows - notFinite
  return {
    vectors: rows,
    length: finite === 0 ? null : { min, mean: sum / finite, max },
    notFinite,
    zeros,
    constantDimensions: finite < 2 ? 0 : low.reduce((count, x, i) => count + (x === high[i] ? 1 : 0), 0),
  }
}
