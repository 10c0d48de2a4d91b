import type { ResolvedBm25Options } from './options.ts'
import type { Postings } from './segment.ts'
import { type Similarity, similarityOf } from './similarity.ts'

/** One field of an index: how much it weighs, and the statistics over all live documents. */
export class Field {
  readonly name: 'title' | 'contents'
  readonly weight: number
  /** Documents with at least one term. */
  documents = 0
  /** Sum of lengths. */
  length = 0
  postings = 0
  #frequencies = new Int32Array(1024)
  #similarity: Similarity | undefined

  constructor(name: 'title' | 'contents', weight: number) {
    this.name = name
    this.weight = weight
  }

  /** Number of live documents that have the term. */
  documentFrequency(term: number): number {
    return this.#frequencies[term] ?? 0
  }

  /** Counts a segment in (`sign` 1) or out (−1). */
  count({ terms, offsets, lengths, documents }: Postings, sign: 1 | -1): void {
    this.#similarity = undefined
    for (const length of lengths) {
      if (length > 0) this.documents += sign
      this.length += sign * length
    }
    this.postings += sign * documents.length
    const largest = terms.at(-1) ?? -1
    if (largest >= this.#frequencies.length) {
      const larger = new Int32Array(Math.max(largest + 1, this.#frequencies.length * 2))
      larger.set(this.#frequencies)
      this.#frequencies = larger
    }
    for (let i = 0; i < terms.length; i++) this.#frequencies[terms[i]!]! += sign * (offsets[i + 1]! - offsets[i]!)
  }

  /** The scoring function for the statistics as they are. */
  similarity(options: ResolvedBm25Options): Similarity {
    this.#similarity ??= similarityOf(options, this)
    return this.#similarity
  }
}
