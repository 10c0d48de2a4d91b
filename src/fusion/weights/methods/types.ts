/** The same rows of one tensor in all models, as float32. The arrays are used again for the next piece. */
export interface Piece {
  /** Null for methods without a base. */
  readonly base: Float32Array | null
  readonly models: readonly Float32Array[]
}

/** One tensor to be merged. */
export interface TensorWork {
  /** Its name in the result. */
  readonly name: string
  readonly elements: number
  /** Per model. */
  readonly weights: readonly number[]
  readonly densities: readonly number[]
  readonly normalize: boolean
  readonly lambda: number
  readonly t: number
  readonly seed: number
  /** Reads the tensor once, in pieces, in order. */
  pass(): AsyncIterable<Piece>
  /** The same for one model's difference from the base alone. */
  differences(model: number): AsyncIterable<Float32Array>
}

/** Merges piece by piece, in order; the result may lie in one of the arrays given. */
export type Combine = (piece: Piece) => Float32Array

/** Looks at the tensor as a whole, if the method must, and gives back what merges it. */
export type Method = (work: TensorWork) => Combine | Promise<Combine>

/** Writes the difference from the base over the model's numbers. */
export function subtract(model: Float32Array, base: Float32Array): Float32Array {
  for (let i = 0; i < model.length; i++) model[i] = model[i]! - base[i]!
  return model
}

/** Adds `by` times the model to the sum. One model after the other: a loop over models inside would be ten times as slow. */
export function addScaled(sum: Float64Array, model: Float32Array, by: number): void {
  for (let i = 0; i < model.length; i++) sum[i] = sum[i]! + by * model[i]!
}

/** Sums in float64 that are used again for every piece: making them anew costs more than the sums. */
export class Sums {
  #room = new Float64Array(0)

  /** So many zeros; what was given before is used again. */
  zeros(length: number): Float64Array {
    if (this.#room.length < length) this.#room = new Float64Array(length)
    return this.#room.subarray(0, length).fill(0)
  }
}
