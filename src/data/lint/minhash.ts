import { FieldtrialError } from '../../core/errors.ts'
import { mix } from './word-hashes.ts'

/** Most hash functions of a signature. */
const HASHES = 128
/** Share of the pairs right at the threshold that may be missed. */
const MISSED = 0.001

/** How a signature is cut: `bands` bands of `rows` minima each. */
export interface Banding {
  readonly bands: number
  readonly rows: number
}

/**
 * The banding for a threshold: two sets of Jaccard s share a band with chance 1 − (1 − s^rows)^bands (Leskovec, Rajaraman and Ullman,
 * "Mining of massive datasets", 3.4). As many rows as keep the pairs missed at the threshold below 1 in 1,000, with 128 minima at most.
 *
 * @throws FieldtrialError `USAGE` for a threshold outside 0.5 to 1: below, nearly everything would have to be compared.
 */
export function bandingFor(threshold: number): Banding {
  if (!(threshold >= 0.5 && threshold <= 1))
    throw new FieldtrialError('USAGE', `The threshold of near-duplicates must be from 0.5 to 1, not ${threshold}.`, {
      hint: '0.8 is usual.',
    })
  let best: Banding = { bands: HASHES, rows: 1 }
  for (let rows = 2; rows <= 16; rows++) {
    const bands = Math.floor(HASHES / rows)
    if ((1 - threshold ** rows) ** bands <= MISSED) best = { bands, rows }
  }
  return best
}

/** Band hashes of sets of shingles: sets that are alike share some. The same on every machine and in every run. */
export class MinHash {
  readonly banding: Banding
  readonly #multipliers: Int32Array
  readonly #addends: Int32Array
  readonly #minima: Uint32Array

  constructor(banding: Banding, seed = 1) {
    const hashes = banding.bands * banding.rows
    this.banding = banding
    this.#multipliers = Int32Array.from({ length: hashes }, (_, i) => mix(seed * 0x9e3779b9 + 2 * i) | 1)
    this.#addends = Int32Array.from({ length: hashes }, (_, i) => mix(seed * 0x9e3779b9 + 2 * i + 1))
    this.#minima = new Uint32Array(hashes)
  }

  /**
   * Minima of each hash function over the set (Broder 1997; linear hashing modulo 2^32 of shingles that are mixed already), a hash per
   * band.
   *
   * @param shingles Not empty.
   * @param into One number per band.
   */
  bandHashes(shingles: Uint32Array, into: Uint32Array): void {
    const { bands, rows } = this.banding
    const minima = this.#minima
    for (let h = 0; h < minima.length; h++) {
      const multiplier = this.#multipliers[h]!
      const addend = this.#addends[h]!
      let least = 0xffffffff
      for (let i = 0; i < shingles.length; i++) {
        const value = (Math.imul(shingles[i]!, multiplier) + addend) >>> 0
        if (value < least) least = value
      }
      minima[h] = least
    }
    for (let band = 0; band < bands; band++) {
      let hash = band + 1
      for (let row = 0; row < rows; row++) hash = mix(Math.imul(hash, 0x01000193) ^ minima[band * rows + row]!)
      into[band] = hash
    }
  }
}
