import { FieldtrialError } from '../../core/errors.ts'
import { fromHalf, toHalf } from '../../core/float16.ts'

/** How numbers lie in the store: 4, 2 or 1 byte each; int8 with one float32 scale per vector. */
export type Dtype = 'float32' | 'float16' | 'int8'

/** A shard's numbers as stored. */
export interface PackedVectors {
  readonly dtype: Dtype
  readonly rows: number
  readonly dimension: number
  /** rows × dimension, row-major; float16 as its 16 bits. */
  readonly values: Float32Array | Uint16Array | Int8Array
  /** For int8: what a vector's numbers are multiplied by. */
  readonly scales: Float32Array | null
}

export const BYTES_PER_NUMBER: Readonly<Record<Dtype, number>> = { float32: 4, float16: 2, int8: 1 }

function refuse(row: number, what: string, hint: string): never {
  throw new FieldtrialError('ENGINE_FAILED', `Vector ${row} of the shard ${what}.`, { hint })
}

function refuseNaN(row: number, value: number): never {
  return refuse(row, `holds ${value}`, 'Run `fieldtrial doctor` on the encoder: its vectors cannot be used.')
}

/**
 * Turns float32 vectors into what is stored. float16 rounds to nearest even; int8 is symmetric per vector: scale = largest magnitude / 127,
 * so an all-zero vector stays one.
 *
 * @throws FieldtrialError `ENGINE_FAILED` on NaN, infinity, or a number beyond float16.
 */
export function packVectors(vectors: Float32Array, rows: number, dimension: number, dtype: Dtype): PackedVectors {
  if (dtype === 'float32') {
    for (let i = 0; i < vectors.length; i++)
      if (!Number.isFinite(vectors[i]!)) refuseNaN(Math.floor(i / dimension), vectors[i]!)
    return { dtype, rows, dimension, values: vectors, scales: null }
  }
  if (dtype === 'float16') {
    const values = new Uint16Array(vectors.length)
    for (let i = 0; i < vectors.length; i++) {
      const half = toHalf(vectors[i]!)
      if ((half & 0x7c00) === 0x7c00) {
        const row = Math.floor(i / dimension)
        if (!Number.isFinite(vectors[i]!)) refuseNaN(row, vectors[i]!)
        refuse(row, `holds ${vectors[i]}, which float16 cannot`, 'Store these vectors as float32, or normalise them.')
      }
      values[i] = half
    }
    return { dtype, rows, dimension, values, scales: null }
  }
  const values = new Int8Array(vectors.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const start = row * dimension
    let most = 0
    for (let i = start; i < start + dimension; i++) {
      const magnitude = Math.abs(vectors[i]!)
      if (!Number.isFinite(magnitude)) refuseNaN(row, vectors[i]!)
      if (magnitude > most) most = magnitude
    }
    scales[row] = most / 127
    const scale = scales[row]!
    if (scale === 0) continue
    for (let i = start; i < start + dimension; i++)
      values[i] = Math.max(-127, Math.min(127, Math.round(vectors[i]! / scale)))
  }
  return { dtype, rows, dimension, values, scales }
}

/** The float32 vectors that stored numbers stand for; what search compares. */
export function unpackVectors({ dtype, rows, dimension, values, scales }: PackedVectors): Float32Array {
  if (dtype === 'float32') return values as Float32Array
  const vectors = new Float32Array(rows * dimension)
  if (dtype === 'float16') for (let i = 0; i < vectors.length; i++) vectors[i] = fromHalf(values[i]!)
  else
    for (let row = 0; row < rows; row++)
      for (let i = row * dimension; i < (row + 1) * dimension; i++) vectors[i] = values[i]! * scales![row]!
  return vectors
}
