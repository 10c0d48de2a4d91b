import { mix, wordHashes } from './word-hashes.ts'

/** Turns texts into sets of hashed word shingles; reuses its buffers, so one serves many texts. */
export class Shingler {
  readonly #size: number
  #words: Int32Array = new Int32Array(1 << 10)

  /** @param size Words of a shingle: 5 for documents, 1 for short texts such as queries. */
  constructor(size: number) {
    this.#size = size
  }

  /**
   * The set of the text's shingles, each `size` words in a row (Broder, "On the resemblance and containment of documents", 1997), as
   * ascending 32-bit hashes. A text of fewer words is one shingle; one without words has none.
   */
  shingles(text: string): Uint32Array {
    const { words, count } = wordHashes(text, this.#words)
    this.#words = words
    if (count === 0) return new Uint32Array(0)
    const size = Math.min(this.#size, count)
    const all = new Uint32Array(count - size + 1)
    for (let start = 0; start < all.length; start++) {
      let hash = size
      for (let i = start; i < start + size; i++) hash = Math.imul(hash, 0x01000193) ^ words[i]!
      all[start] = mix(hash)
    }
    all.sort()
    let kept = 1
    for (let i = 1; i < all.length; i++) if (all[i] !== all[kept - 1]) all[kept++] = all[i]!
    return all.subarray(0, kept)
  }
}

/** Jaccard's coefficient of two ascending sets: shared over all; 0 for two empty ones. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let shared = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const difference = a[i]! - b[j]!
    if (difference === 0) shared++
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  const all = a.length + b.length - shared
  return all === 0 ? 0 : shared / all
}
