import type { Distribution } from './types.ts'

/** Collects lengths, 4 bytes each. */
export class Lengths {
  #values = new Uint32Array(1 << 10)
  #count = 0

  add(length: number): void {
    if (this.#count === this.#values.length) {
      const longer = new Uint32Array(this.#count * 2)
      longer.set(this.#values)
      this.#values = longer
    }
    this.#values[this.#count++] = length
  }

  /** Null without any length. */
  distribution(): Distribution | null {
    const count = this.#count
    if (count === 0) return null
    const sorted = this.#values.slice(0, count).sort()
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)]!
    let sum = 0
    for (const value of sorted) sum += value
    return {
      count,
      mean: sum / count,
      min: sorted[0]!,
      median: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      max: sorted[count - 1]!,
    }
  }
}

/** Runs of characters between white space: what `wc -w` counts. */
export function countWords(text: string): number {
  let words = 0
  let inside = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const blank = unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0 || unit === 0x3000 || unit === 0x85
    if (!blank && !inside) words++
    inside = !blank
  }
  return words
}
