/** Where the largest numbers of a tensor begin. */
export interface MagnitudeCut {
  /** Bits of the absolute value, as float32: all numbers above are kept. */
  readonly bits: number
  /** Of the numbers that are exactly as large, so many are kept, the first ones. */
  readonly equal: number
}

const HALF = 1 << 16
/** All bits but the sign. */
const MAGNITUDE = 0x7fffffff

/**
 * Finds the k largest absolute values of a tensor that is too large to sort, in two passes: the bits of positive floats are in the order of their
 * values, so one pass counts by the upper 16 bits and the other, within one of these, by the lower.
 *
 * @param open The numbers, piece by piece, anew on each call.
 * @param keep How many are kept, from 1 to their number.
 */
export async function largestMagnitudes(open: () => AsyncIterable<Float32Array>, keep: number): Promise<MagnitudeCut> {
  const upper = new Float64Array(HALF)
  for await (const piece of open()) {
    const words = wordsOf(piece)
    for (let i = 0; i < words.length; i++) upper[(words[i]! & MAGNITUDE) >>> 16]!++
  }
  const high = cut(upper, keep)
  const lower = new Float64Array(HALF)
  for await (const piece of open()) {
    const words = wordsOf(piece)
    for (let i = 0; i < words.length; i++) if ((words[i]! & MAGNITUDE) >>> 16 === high.at) lower[words[i]! & 0xffff]!++
  }
  const low = cut(lower, high.left)
  return { bits: high.at * HALF + low.at, equal: low.left }
}

/** The bin in which the k-th largest stands, and how many of that bin are among them. */
function cut(counts: Float64Array, keep: number): { at: number; left: number } {
  let left = keep
  for (let at = counts.length - 1; at > 0; at--) {
    if (counts[at]! >= left) return { at, left }
    left -= counts[at]!
  }
  return { at: 0, left }
}

function wordsOf(piece: Float32Array): Uint32Array {
  return new Uint32Array(piece.buffer, piece.byteOffset, piece.length)
}

/** Sets all but the largest numbers to 0. Pieces must come in order. */
export class Trim {
  readonly #bits: number
  #equal: number

  constructor({ bits, equal }: MagnitudeCut) {
    this.#bits = bits
    this.#equal = equal
  }

  apply(piece: Float32Array): void {
    const words = wordsOf(piece)
    for (let i = 0; i < words.length; i++) {
      const magnitude = words[i]! & MAGNITUDE
      if (magnitude > this.#bits) continue
      if (magnitude === this.#bits && this.#equal > 0) this.#equal--
      else piece[i] = 0
    }
  }
}
