import type { Side } from '../../recipes/types.ts'
import { product } from './algebra/product.ts'

/**
 * What steps come to once fitted: a few plain operations, each over vectors of `dimension` numbers. Everything that is fitted is float32, so that
 * what is loaded does as what was fitted.
 *
 * - `shift`: subtracts the side's vector.
 * - `shift-by-modality`: subtracts the vector of the side and the row's modality (3 × dimension, in the order of `MODALITIES`).
 * - `remove`: takes away the share along each of k orthonormal vectors (k × dimension).
 * - `project`: keeps the coordinates along m orthonormal vectors (m × dimension).
 * - `transform`: multiplies with a symmetric matrix (dimension × dimension).
 * - `int8`: rounds documents to `low + step × (0…255)`, per dimension.
 */
export type FittedStep =
  | {
      readonly kind: 'shift'
      readonly dimension: number
      readonly query: Float32Array
      readonly document: Float32Array
    }
  | {
      readonly kind: 'shift-by-modality'
      readonly dimension: number
      readonly query: Float32Array
      readonly document: Float32Array
    }
  | { readonly kind: 'remove'; readonly dimension: number; readonly vectors: Float32Array }
  | { readonly kind: 'project'; readonly dimension: number; readonly vectors: Float32Array }
  | { readonly kind: 'transform'; readonly dimension: number; readonly matrix: Float32Array }
  | { readonly kind: 'truncate'; readonly dimension: number; readonly to: number }
  | { readonly kind: 'normalize'; readonly dimension: number }
  | { readonly kind: 'int8'; readonly dimension: number; readonly low: Float32Array; readonly step: Float32Array }
  | { readonly kind: 'binary'; readonly dimension: number }

/** Kinds of items, in the order of their numbers: texts, images without text, images with text. */
export const MODALITIES = ['text', 'image', 'both'] as const

/** What is left of a vector after a subtraction counts as nothing below this share of it: rounding to float32 leaves about 6e-8. */
const NOTHING = 1e-6

/** Numbers per vector after the operation. */
export function fittedDimension(step: FittedStep): number {
  if (step.kind === 'project') return step.vectors.length / step.dimension
  return step.kind === 'truncate' ? step.to : step.dimension
}

/**
 * One operation on n vectors.
 *
 * @param vectors n × `step.dimension`; left as they are.
 * @param modalities Of each row, as places in `MODALITIES`. Null: all are texts.
 * @returns n × `fittedDimension(step)`. A vector of zeros stays one in `normalize`, `int8` and `binary`, so that it can be counted.
 */
export async function applyStep(
  step: FittedStep,
  side: Side,
  vectors: Float32Array,
  modalities: Uint8Array | null = null,
): Promise<Float32Array> {
  const d = step.dimension
  const rows = vectors.length / d
  switch (step.kind) {
    case 'shift':
      return withoutNoise(vectors, shifted(vectors, step[side]), d, d)
    case 'shift-by-modality':
      return withoutNoise(vectors, shiftedBy(vectors, step[side], d, modalities), d, d)
    case 'remove':
      return withoutNoise(vectors, await removed(vectors, step.vectors, d), d, d)
    case 'project': {
      const kept = { data: step.vectors, rows: fittedDimension(step), columns: d }
      const { data } = await product({ data: vectors, rows, columns: d }, kept, 'second')
      return withoutNoise(vectors, data, d, kept.rows)
    }
    case 'transform':
      return (await product({ data: vectors, rows, columns: d }, { data: step.matrix, rows: d, columns: d })).data
    case 'truncate': {
      const cut = new Float32Array(rows * step.to)
      for (let row = 0; row < rows; row++) cut.set(vectors.subarray(row * d, row * d + step.to), row * step.to)
      return cut
    }
    case 'normalize':
      return normalised(vectors, d)
    case 'int8':
      return side === 'query' ? vectors.slice() : mapRows(vectors, d, (x, i) => rounded(x, step.low[i]!, step.step[i]!))
    case 'binary':
      return side === 'query' ? vectors.slice() : mapRows(vectors, d, (x) => (x > 0 ? 1 : -1))
  }
}

function shifted(vectors: Float32Array, by: Float32Array): Float32Array {
  const d = by.length
  return vectors.map((x, i) => x - by[i % d]!)
}

function shiftedBy(vectors: Float32Array, by: Float32Array, d: number, modalities: Uint8Array | null): Float32Array {
  return vectors.map((x, i) => x - by[(modalities?.[Math.floor(i / d)] ?? 0) * d + (i % d)]!)
}

async function removed(vectors: Float32Array, axes: Float32Array, d: number): Promise<Float32Array> {
  const [rows, count] = [vectors.length / d, axes.length / d]
  const all = { data: vectors, rows, columns: d }
  const shares = await product(all, { data: axes, rows: count, columns: d }, 'second')
  const along = await product(shares, { data: axes, rows: count, columns: d })
  return vectors.map((x, i) => x - along.data[i]!)
}

/** Scales rows to length 1 in float64. */
function normalised(vectors: Float32Array, d: number): Float32Array {
  const out = new Float32Array(vectors.length)
  for (let start = 0; start < vectors.length; start += d) {
    const length = Math.sqrt(squares(vectors, start, d)) || 1
    for (let i = start; i < start + d; i++) out[i] = vectors[i]! / length
  }
  return out
}

function rounded(x: number, low: number, step: number): number {
  return step === 0 ? low : low + step * Math.max(0, Math.min(255, Math.round((x - low) / step)))
}

/** Maps each number of rows that are not all zeros. */
function mapRows(vectors: Float32Array, d: number, map: (x: number, i: number) => number): Float32Array {
  const out = new Float32Array(vectors.length)
  for (let start = 0; start < vectors.length; start += d)
    if (squares(vectors, start, d) > 0) for (let i = 0; i < d; i++) out[start + i] = map(vectors[start + i]!, i)
  return out
}

/** Makes rows zero of which no more than rounding noise is left: scaled to length 1 later, it would look like a vector. */
function withoutNoise(before: Float32Array, after: Float32Array, from: number, to: number): Float32Array {
  for (let row = 0; row < after.length / to; row++) {
    const most = NOTHING * NOTHING * squares(before, row * from, from)
    if (squares(after, row * to, to) <= most) after.fill(0, row * to, (row + 1) * to)
  }
  return after
}

function squares(vectors: Float32Array, start: number, d: number): number {
  let sum = 0
  for (let i = start; i < start + d; i++) sum += vectors[i]! * vectors[i]!
  return sum
}

/** Rows that are all zeros. */
export function zeroRows(vectors: Float32Array, d: number): number {
  let zeros = 0
  for (let start = 0; start < vectors.length; start += d) if (squares(vectors, start, d) === 0) zeros++
  return zeros
}
