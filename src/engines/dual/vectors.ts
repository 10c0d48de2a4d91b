import { normalized } from '../text/head.ts'
import { failedText } from '../text/items.ts'

/** Collects what the towers give: one vector of length 1 for each input; of an input with text and image the sum of both, each of length 1 first. */
export class DualVectors {
  private readonly vectors: Float32Array
  private readonly dimension: number
  private readonly count: number

  constructor(count: number, dimension: number) {
    this.count = count
    this.dimension = dimension
    this.vectors = new Float32Array(count * dimension)
  }

  /** @throws FieldtrialError `ENGINE_FAILED` naming the input where a tower gave what is no number, or zeros only. */
  add(input: number, vector: Float32Array): void {
    const one = normalized(Float32Array.from(vector))
    if (!one.every(Number.isFinite) || one.every((x) => x === 0))
      throw failedText(input, this.count, 'got a vector that is no direction')
    const from = input * this.dimension
    for (let d = 0; d < this.dimension; d++) this.vectors[from + d] = this.vectors[from + d]! + one[d]!
  }

  /** @returns inputs × dimension, row-major. */
  finish(): Float32Array {
    for (let input = 0; input < this.count; input++)
      normalized(this.vectors.subarray(input * this.dimension, (input + 1) * this.dimension))
    return this.vectors
  }
}
