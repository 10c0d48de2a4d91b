import { mix } from './word-hashes.ts'

/**
 * A uniform sample of a stream, without knowing its length: the items whose ids have the smallest hashes. The same ones in any order of
 * the stream, and an item more changes at most one of them.
 */
export class Sample<T> {
  readonly #size: number
  #kept: { readonly key: number; readonly item: T }[] = []
  #limit = Number.POSITIVE_INFINITY

  /** @param size Items kept at most. */
  constructor(size: number) {
    this.#size = size
  }

  /** @param make Gives the item; called only if it is kept for now. */
  add(id: string, make: () => T): void {
    const key = keyOf(id)
    if (key >= this.#limit) return
    this.#kept.push({ key, item: make() })
    if (this.#kept.length >= this.#size * 4) this.#cut()
  }

  items(): T[] {
    this.#cut()
    return this.#kept.map(({ item }) => item)
  }

  #cut(): void {
    this.#kept.sort((a, b) => a.key - b.key)
    this.#kept = this.#kept.slice(0, this.#size)
    if (this.#kept.length === this.#size) this.#limit = this.#kept.at(-1)!.key
  }
}

/** 52 bits out of two hashes. */
function keyOf(id: string): number {
  let a = 0x811c9dc5
  let b = 0x1b873593
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit, 0x85ebca6b)
  }
  return (mix(a) >>> 0) * 2 ** 20 + (mix(b) >>> 12)
}
