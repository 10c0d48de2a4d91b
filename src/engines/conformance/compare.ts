import type { Side } from '../../recipes/types.ts'
import type { Encoded, Encoder } from '../types.ts'

/** How near two encoders' vectors of the same texts are. */
export interface Comparison {
  readonly texts: number
  readonly min: number
  readonly mean: number
  /** The text with the lowest cosine. */
  readonly worst: number
}

/**
 * Cosines between two encoders' vectors, text by text: what int8 costs against float32, for example.
 *
 * @throws RangeError without texts or where the dimensions differ.
 */
export async function compareEncoders(
  a: Encoder,
  b: Encoder,
  texts: readonly string[],
  options: { readonly side?: Side; readonly signal?: AbortSignal } = {},
): Promise<Comparison> {
  const { side = 'document', ...work } = options
  if (texts.length === 0) throw new RangeError('There are no texts to compare encoders on.')
  const [ours, theirs] = [await a.encode(texts, side, work), await b.encode(texts, side, work)]
  if (ours.dimension !== theirs.dimension)
    throw new RangeError(`Vectors of dimension ${ours.dimension} and ${theirs.dimension} cannot be compared.`)
  const cosines = texts.map((_, i) => cosine(rowOf(ours, i), rowOf(theirs, i)))
  const min = Math.min(...cosines)
  return {
    texts: texts.length,
    min,
    mean: cosines.reduce((x, y) => x + y, 0) / texts.length,
    worst: cosines.indexOf(min),
  }
}

export function rowOf({ vectors, dimension }: Encoded, i: number): Float32Array {
  return vectors.subarray(i * dimension, (i + 1) * dimension)
}

/** NaN where one of the vectors is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! * a[i]!
    bb += b[i]! * b[i]!
  }
  return ab / Math.sqrt(aa * bb)
}
