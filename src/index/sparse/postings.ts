import type { SparseRows } from '../../engines/types.ts'

/** In a table of terms: the queries do not have this one. */
const ABSENT = -1

/** The terms of a set of queries, numbered from 0 in order of appearance: nothing else of the documents matters to a search. */
export class QueryTerms {
  /** The queries with numbers in place of terms. */
  readonly numbers: Uint32Array
  readonly count: number
  /** Number of each term; terms behind its end are absent. */
  readonly #table: Int32Array

  constructor({ terms }: SparseRows) {
    let largest = -1
    for (const term of terms) if (term > largest) largest = term
    this.#table = new Int32Array(largest + 1).fill(ABSENT)
    this.numbers = new Uint32Array(terms.length)
    let count = 0
    for (let i = 0; i < terms.length; i++) {
      if (this.#table[terms[i]!] === ABSENT) this.#table[terms[i]!] = count++
      this.numbers[i] = this.#table[terms[i]!]!
    }
    this.count = count
  }

  /** Turns documents inside out: for each of the queries' terms the documents that have it. */
  postings({ offsets, terms, weights }: SparseRows): Postings {
    const table = this.#table
    const starts = new Uint32Array(this.count + 1)
    for (let entry = 0; entry < terms.length; entry++) {
      const term = terms[entry]!
      if (term < table.length && table[term] !== ABSENT) starts[table[term]! + 1]!++
    }
    for (let i = 0; i < this.count; i++) starts[i + 1]! += starts[i]!
    const next = starts.slice(0, this.count)
    const documents = new Uint32Array(starts[this.count]!)
    const found = new Uint16Array(documents.length)
    for (let row = 0; row < offsets.length - 1; row++)
      for (let entry = offsets[row]!; entry < offsets[row + 1]!; entry++) {
        const term = terms[entry]!
        if (term >= table.length || table[term] === ABSENT) continue
        const place = next[table[term]!]!++
        documents[place] = row
        found[place] = weights[entry]!
      }
    return { rows: offsets.length - 1, starts, documents, weights: found }
  }
}

/** The documents of one shard by term: those with term number i are at `starts[i]` to `starts[i + 1]`, ascending. */
export interface Postings {
  readonly rows: number
  readonly starts: Uint32Array
  readonly documents: Uint32Array
  readonly weights: Uint16Array
}
