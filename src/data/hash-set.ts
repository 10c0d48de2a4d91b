import { hash } from 'node:crypto'

/** A 64-bit hash as two signed 32-bit halves. */
export interface Hash64 {
  readonly high: number
  readonly low: number
}

/**
 * 64 bits of SHA-256 of a text. Two different texts among ten million share them with a chance of about 3 in a million.
 */
export function textHash(text: string): Hash64 {
  const bytes = hash('sha256', text, 'buffer')
  return { high: bytes.readInt32LE(0), low: bytes.readInt32LE(4) }
}

/**
 * Counts hashes in bounded memory (about 30 bytes for each distinct one): what is there already is told, the hashed
 * things themselves are not kept.
 */
export class HashSet {
  #high = new Int32Array(1 << 12)
  #low = new Int32Array(1 << 12)
  /** 0 for a free slot, else how often the hash came: once, or more often. */
  #seen = new Uint8Array(1 << 12)
  #size = 0

  /** Adds a hash and says how often it had come before: 0, 1, or 2 for more. */
  add(key: Hash64): 0 | 1 | 2 {
    if (this.#size * 2 >= this.#seen.length) this.#grow()
    const slot = this.#slot(key.high, key.low)
    const before = this.#seen[slot] as 0 | 1 | 2
    if (before === 0) {
      this.#high[slot] = key.high
      this.#low[slot] = key.low
      this.#size++
    }
    if (before < 2) this.#seen[slot] = before + 1
    return before
  }

  #slot(high: number, low: number): number {
    const mask = this.#seen.length - 1
    let slot = (low ^ (high >>> 7)) & mask
    while (this.#seen[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [high, low, seen] = [this.#high, this.#low, this.#seen]
    this.#high = new Int32Array(high.length * 2)
    this.#low = new Int32Array(high.length * 2)
    this.#seen = new Uint8Array(high.length * 2)
    for (let i = 0; i < seen.length; i++) {
      if (seen[i] === 0) continue
      const slot = this.#slot(high[i]!, low[i]!)
      this.#high[slot] = high[i]!
      this.#low[slot] = low[i]!
      this.#seen[slot] = seen[i]!
    }
  }
}
