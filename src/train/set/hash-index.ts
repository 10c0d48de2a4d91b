import { hash } from 'node:crypto'

import type { Hash64 } from '../../data/hash-set.ts'

const FREE = -1

/** 64 bits of SHA-256 of bytes, as `textHash` has them of texts. */
export function bytesHash(bytes: Uint8Array): Hash64 {
  const digest = hash('sha256', bytes, 'buffer')
  return { high: digest.readInt32LE(0), low: digest.readInt32LE(4) }
}

/** Numbers for hashed things in 16 to 34 bytes each; the things themselves are not kept. */
export class HashIndex {
  #high: Int32Array
  #low: Int32Array
  #values: Int32Array
  #size = 0

  constructor(capacity = 1 << 10) {
    this.#high = new Int32Array(capacity)
    this.#low = new Int32Array(capacity)
    this.#values = new Int32Array(capacity).fill(FREE)
  }

  get size(): number {
    return this.#size
  }

  /** The number of a hash; -1 where it is not there. */
  get(key: Hash64): number {
    return this.#values[this.#slot(key.high, key.low)]!
  }

  /** Adds a hash that may be there already. @param value Its number, from 0. @returns The number that it has. */
  add(key: Hash64, value: number = this.#size): number {
    const slot = this.#slot(key.high, key.low)
    if (this.#values[slot] !== FREE) return this.#values[slot]!
    this.#high[slot] = key.high
    this.#low[slot] = key.low
    this.#values[slot] = value
    if (++this.#size * 4 > this.#values.length * 3) this.#grow()
    return value
  }

  #slot(high: number, low: number): number {
    const mask = this.#values.length - 1
    let slot = (low ^ (high >>> 7)) & mask
    while (this.#values[slot] !== FREE && (this.#low[slot] !== low || this.#high[slot] !== high))
      slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [high, low, values] = [this.#high, this.#low, this.#values]
    this.#high = new Int32Array(high.length * 2)
    this.#low = new Int32Array(high.length * 2)
    this.#values = new Int32Array(high.length * 2).fill(FREE)
    for (let i = 0; i < values.length; i++) {
      if (values[i] === FREE) continue
      const slot = this.#slot(high[i]!, low[i]!)
      this.#high[slot] = high[i]!
      this.#low[slot] = low[i]!
      this.#values[slot] = values[i]!
    }
  }
}
