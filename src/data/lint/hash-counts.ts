import type { Hash64 } from '../hash-set.ts'

/** Counts how often each hash came, and remembers a number with its first: about 32 bytes for each distinct one. */
export class HashCounts {
  #high = new Int32Array(1 << 12)
  #low = new Int32Array(1 << 12)
  /** 0 for a free slot. */
  #count = new Uint32Array(1 << 12)
  #first = new Int32Array(1 << 12)
  #distinct = 0

  /** How many different hashes came. */
  get distinct(): number {
    return this.#distinct
  }

  /**
   * Counts a hash.
   *
   * @param value Kept if the hash is new.
   * @returns How often it had come before, and the number that came with the first.
   */
  add(key: Hash64, value: number): { readonly before: number; readonly first: number } {
    if (this.#distinct * 2 >= this.#count.length) this.#grow()
    const slot = this.#slot(key.high, key.low)
    const before = this.#count[slot]!
    if (before === 0) {
      this.#high[slot] = key.high
      this.#low[slot] = key.low
      this.#first[slot] = value
      this.#distinct++
    }
    this.#count[slot] = before + 1
    return { before, first: this.#first[slot]! }
  }

  /** How often a hash came. */
  count(key: Hash64): number {
    return this.#count[this.#slot(key.high, key.low)]!
  }

  /** How many hashes came more than once, how often these came together, and the most that one did. */
  repeated(): { readonly groups: number; readonly items: number; readonly largest: number } {
    let groups = 0
    let items = 0
    let largest = 0
    for (const count of this.#count) {
      if (count > largest) largest = count
      if (count < 2) continue
      groups++
      items += count
    }
    return { groups, items, largest }
  }

  #slot(high: number, low: number): number {
    const mask = this.#count.length - 1
    let slot = (low ^ (high >>> 7)) & mask
    while (this.#count[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [high, low, count, first] = [this.#high, this.#low, this.#count, this.#first]
    const size = count.length * 2
    this.#high = new Int32Array(size)
    this.#low = new Int32Array(size)
    this.#count = new Uint32Array(size)
    this.#first = new Int32Array(size)
    for (let i = 0; i < count.length; i++) {
      if (count[i] === 0) continue
      const slot = this.#slot(high[i]!, low[i]!)
      this.#high[slot] = high[i]!
      this.#low[slot] = low[i]!
      this.#count[slot] = count[i]!
      this.#first[slot] = first[i]!
    }
  }
}
