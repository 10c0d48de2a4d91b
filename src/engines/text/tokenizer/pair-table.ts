/** Numbers by pairs of token ids: an open-addressing table in typed arrays, a fraction of a Map's memory for half a million merges. */
export class PairTable {
  private readonly mask: number
  /** Left id + 1, right id, value; a left of 0 is an empty place. */
  private readonly places: Uint32Array

  /** @param size The most pairs that will be put. */
  constructor(size: number) {
    let capacity = 16
    while (capacity < 2 * size) capacity *= 2
    this.mask = capacity - 1
    this.places = new Uint32Array(3 * capacity)
  }

  set(left: number, right: number, value: number): void {
    const at = this.place(left, right)
    this.places[at] = left + 1
    this.places[at + 1] = right
    this.places[at + 2] = value
  }

  /** The pair's number, or -1. */
  get(left: number, right: number): number {
    const at = this.place(left, right)
    return this.places[at] === 0 ? -1 : this.places[at + 2]!
  }

  private place(left: number, right: number): number {
    const { places, mask } = this
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0
    slot = (slot ^ (slot >>> 15)) & mask
    for (;;) {
      const at = 3 * slot
      const held = places[at]!
      if (held === 0 || (held === left + 1 && places[at + 1] === right)) return at
      slot = (slot + 1) & mask
    }
  }
}
