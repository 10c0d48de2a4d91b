import { createHash } from 'node:crypto'

/**
 * Which differences `dare_…` keeps: the same for the same seed, tensor and source, however the tensor is read in pieces. Numbers come from
 * xoshiro128++ (Blackman and Vigna 2018), one per element, its state from SHA-256 of what it is for.
 */
export class DropMask {
  readonly #density: number
  readonly #state: Int32Array

  /**
   * @param source Place of the model among the sources.
   * @param density Share kept, 0 to 1.
   */
  constructor(seed: number, tensor: string, source: number, density: number) {
    this.#density = density
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, tensor, source]))
      .digest()
    this.#state = new Int32Array(4).map((_, i) => digest.readInt32LE(4 * i))
  }

  /** Sets the differences that are dropped to 0 and divides the others by the density. Pieces must come in order. */
  apply(differences: Float32Array): void {
    const density = this.#density
    if (density >= 1) return
    // Words are compared as signed integers, shifted by half their range.
    const limit = Math.floor(density * 2 ** 32) - 2 ** 31
    const scale = 1 / density
    const state = this.#state
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    for (let i = 0; i < differences.length; i++) {
      const sum = (a + d) | 0
      const word = (((sum << 7) | (sum >>> 25)) + a) | 0
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = (d << 11) | (d >>> 21)
      differences[i] = word < limit ? scale * differences[i]! : 0
    }
    state[0] = a
    state[1] = b
    state[2] = c
    state[3] = d
  }
}
