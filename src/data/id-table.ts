import { isUtf8 } from 'node:buffer'

/** Words of a slot: hash, number of the id plus one (0: free), where its bytes begin, how many they are. */
const SLOT = 4
const NUMBER = 1
const OFFSET = 2
const LENGTH = 3

/**
 * Numbers the distinct ids of a file, and makes one string of each, straight from its bytes. A run names the same
 * documents again and again: without this most of the reading time goes into making strings that exist already.
 * A slot holds all that a look-up needs beside the bytes themselves, so that it costs two cache misses and not four.
 */
export class IdTable {
  /** The ids in order of first appearance. */
  readonly strings: string[] = []
  #slots = new Int32Array(SLOT << 11)
  #bytes = Buffer.alloc(1 << 16)
  #used = 0

  /** Number of the id in `bytes[start, end)`; -1 when the bytes are not valid UTF-8. */
  add(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5
    let high = 0
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      high |= byte
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    // FNV-1a leaves the low bits of near ids alike; folding the high ones in spreads them over the table.
    hash ^= hash >>> 15
    const slots = this.#slots
    const stored = this.#bytes
    const mask = slots.length / SLOT - 1
    const length = end - start
    let place = hash & mask
    for (;;) {
      const slot = place * SLOT
      const number = slots[slot + NUMBER]!
      if (number === 0) break
      if (slots[slot] === hash && slots[slot + LENGTH] === length) {
        let at = slots[slot + OFFSET]!
        let i = start
        while (i < end && stored[at] === bytes[i]) {
          i++
          at++
        }
        if (i === end) return number - 1
      }
      place = (place + 1) & mask
    }
    if (high >= 0x80 && !isUtf8(bytes.subarray(start, end))) return -1
    return this.#insert(place * SLOT, hash, bytes, start, end, high >= 0x80 ? 'utf8' : 'latin1')
  }

  #insert(slot: number, hash: number, bytes: Buffer, start: number, end: number, encoding: 'utf8' | 'latin1'): number {
    const length = end - start
    if (this.#used + length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#used + length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    for (let i = start, at = this.#used; i < end; i++) this.#bytes[at++] = bytes[i]!
    const number = this.strings.push(bytes.toString(encoding, start, end))
    this.#slots[slot] = hash
    this.#slots[slot + NUMBER] = number
    this.#slots[slot + OFFSET] = this.#used
    this.#slots[slot + LENGTH] = length
    this.#used += length
    if (number * 2 * SLOT > this.#slots.length) this.#widen()
    return number - 1
  }

  #widen(): void {
    const old = this.#slots
    const slots = new Int32Array(old.length * 4)
    const mask = slots.length / SLOT - 1
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from + NUMBER] === 0) continue
      let place = old[from]! & mask
      while (slots[place * SLOT + NUMBER] !== 0) place = (place + 1) & mask
      for (let word = 0; word < SLOT; word++) slots[place * SLOT + word] = old[from + word]!
    }
    this.#slots = slots
  }
}

/** A copy of twice the length. */
export function grown<T extends Int32Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2)
  larger.set(array)
  return larger
}
