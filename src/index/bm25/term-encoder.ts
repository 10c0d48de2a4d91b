import type { Analyzer } from '../text/analyzer.ts'
import { Spans } from '../text/spans.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Bounds the memory for text that hardly repeats itself. */
const MOST_WORDS = 1 << 20
/** Longer words hardly come again. */
const LONGEST_WORD = 64
/** Values of remembered words below this one are places in `#lists`. */
const NOTHING = -1
/** Places in a word's entry: hash, where its spelling begins in `#units` and how long it is, and its value: a term, NOTHING, or a list's place. */
const HASH = 0
const START = 1
const LENGTH = 2
const VALUE = 3

/**
 * Turns text into term numbers. A word's terms are worked out (lower case, stop words, stem) when it is first seen and
 * remembered by its spelling, compared in place, so that running text costs neither strings nor stemming.
 */
export class TermEncoder {
  #numbers = new Int32Array(1024)
  readonly #analyzer: Analyzer
  readonly #vocabulary: Vocabulary
  readonly #spans = new Spans()
  #slots = new Int32Array(1 << 12)
  #words = 0
  /** Four numbers per word, side by side since they are read together: see HASH and the others. */
  #table = new Int32Array(4 << 11)
  #used = 0
  #units = new Uint16Array(1 << 14)
  /** The first is for words that are not remembered. */
  readonly #lists: Int32Array[] = [new Int32Array(0)]

  readonly #mostWords: number

  /** @param mostWords How many words are remembered before all are forgotten. */
  constructor(analyzer: Analyzer, vocabulary: Vocabulary, mostWords = MOST_WORDS) {
    this.#mostWords = mostWords
    this.#analyzer = analyzer
    this.#vocabulary = vocabulary
  }

  /**
   * The numbers of a text's terms, and of a second text's after them. The array is used again by the next call.
   *
   * @param grow Whether new terms enter the vocabulary; else they are left out.
   */
  encode(text: string, grow: boolean, second = ''): Int32Array {
    let count = this.#append(text, grow, 0)
    if (second !== '') count = this.#append(second, grow, count)
    return this.#numbers.subarray(0, count)
  }

  #append(text: string, grow: boolean, at: number): number {
    const spans = this.#spans
    spans.clear()
    this.#analyzer.split(text, spans)
    const { data, length } = spans
    let count = at
    for (let i = 0; i < length; i += 3) {
      if (count >= this.#numbers.length) this.#growNumbers(count + 1)
      const value = this.#valueOf(text, data[i]!, data[i + 1]!, grow)
      if (value >= 0) this.#numbers[count++] = value
      else if (value !== NOTHING) {
        const list = this.#lists[-2 - value]!
        this.#growNumbers(count + list.length)
        for (const term of list) this.#numbers[count++] = term
      }
    }
    return count
  }

  #growNumbers(needed: number): void {
    if (needed <= this.#numbers.length) return
    const larger = new Int32Array(Math.max(needed, this.#numbers.length * 2))
    larger.set(this.#numbers)
    this.#numbers = larger
  }

  #valueOf(text: string, start: number, end: number, grow: boolean): number {
    let hash = 0
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995)
    hash ^= hash >>> 15
    const slots = this.#slots
    const table = this.#table
    const mask = slots.length - 1
    let slot = hash & mask
    for (;;) {
      const word = slots[slot]! - 1
      if (word < 0) return this.#learn(text, start, end, hash, grow)
      const entry = word * 4
      if (table[entry + HASH] === hash && this.#spells(entry, text, start, end)) return table[entry + VALUE]!
      slot = (slot + 1) & mask
    }
  }

  #spells(entry: number, text: string, start: number, end: number): boolean {
    if (this.#table[entry + LENGTH] !== end - start) return false
    const units = this.#units
    let at = this.#table[entry + START]!
    for (let i = start; i < end; i++) if (units[at++] !== text.charCodeAt(i)) return false
    return true
  }

  /** Works out a word that is not remembered. */
  #learn(text: string, start: number, end: number, hash: number, grow: boolean): number {
    const terms = this.#analyzer.terms(text.slice(start, end))
    const numbers: number[] = []
    for (const term of terms) {
      const number = grow ? this.#vocabulary.add(term) : this.#vocabulary.get(term)
      if (number !== undefined) numbers.push(number)
    }
    // A word with unknown terms is not remembered: documents added later may bring them in.
    const final = numbers.length === terms.length && end - start <= LONGEST_WORD
    if (final && this.#words >= this.#mostWords) this.#forget()
    const value = numbers.length === 0 ? NOTHING : numbers.length === 1 ? numbers[0]! : this.#list(numbers, final)
    if (final) this.#remember(text, start, end, hash, value)
    return value
  }

  /** Keeps the terms of a word that has several; those of a word that is not remembered only until the next one. */
  #list(numbers: readonly number[], keep: boolean): number {
    const place = keep ? this.#lists.length : 0
    this.#lists[place] = Int32Array.from(numbers)
    return -2 - place
  }

  #remember(text: string, start: number, end: number, hash: number, value: number): void {
    const word = this.#words++
    const entry = word * 4
    if (entry === this.#table.length) this.#table = doubled(this.#table, Int32Array)
    while (this.#used + end - start > this.#units.length) this.#units = doubled(this.#units, Uint16Array)
    this.#table[entry + HASH] = hash
    this.#table[entry + START] = this.#used
    this.#table[entry + LENGTH] = end - start
    this.#table[entry + VALUE] = value
    for (let i = start; i < end; i++) this.#units[this.#used++] = text.charCodeAt(i)
    if (this.#words * 2 > this.#slots.length) this.#rehash()
    else this.#place(word)
  }

  #place(word: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#table[word * 4 + HASH]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = word + 1
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let word = 0; word < this.#words; word++) this.#place(word)
  }

  #forget(): void {
    this.#words = 0
    this.#used = 0
    this.#slots.fill(0)
    this.#lists.length = 1
  }
}

function doubled<T extends Int32Array | Uint16Array>(old: T, make: new (length: number) => T): T {
  const larger = new make(old.length * 2)
  larger.set(old)
  return larger
}
