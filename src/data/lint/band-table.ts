const CHUNK = 1 << 14

/** Band hashes of many texts, 4 bytes each, and the pairs of texts that share one. */
export class BandTable {
  readonly #bands: number
  readonly #chunks: Uint32Array[] = []
  #size = 0

  constructor(bands: number) {
    this.#bands = bands
  }

  get size(): number {
    return this.#size
  }

  /** Appends a text. @param hashes One per band; copied. */
  add(hashes: Uint32Array): void {
    if (this.#size % CHUNK === 0) this.#chunks.push(new Uint32Array(CHUNK * this.#bands))
    this.#chunks.at(-1)!.set(hashes, (this.#size % CHUNK) * this.#bands)
    this.#size++
  }

  /**
   * Pairs of texts that share a band. Within a bucket each text is paired with the first and with the one before only: two pairs a text
   * and band at most, however large the bucket (all pairs of 100,000 copies would be five thousand million). Texts that are alike fall
   * into several bands, so that a pair passed over in one comes in another, or over a third text.
   */
  forEachPair(visit: (earlier: number, later: number) => void): void {
    let slots = 1 << 4
    while (slots < this.#size * 2) slots *= 2
    const first = new Int32Array(slots)
    const last = new Int32Array(slots)
    for (let band = 0; band < this.#bands; band++) {
      first.fill(-1)
      for (let item = 0; item < this.#size; item++) {
        const hash = this.#hash(item, band)
        let slot = hash & (slots - 1)
        while (first[slot] !== -1 && this.#hash(first[slot]!, band) !== hash) slot = (slot + 1) & (slots - 1)
        if (first[slot] === -1) first[slot] = item
        else {
          visit(first[slot]!, item)
          if (last[slot] !== first[slot]) visit(last[slot]!, item)
        }
        last[slot] = item
      }
    }
  }

  #hash(item: number, band: number): number {
    return this.#chunks[Math.floor(item / CHUNK)]![(item % CHUNK) * this.#bands + band]!
  }
}
