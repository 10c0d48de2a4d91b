import type { Postings } from './segment.ts'
import type { Similarity } from './similarity.ts'
import { kthLargest } from './top-k.ts'

/**
 * What every occurrence of a field's terms adds to its document's score, worked out when a term is first asked for and
 * kept until the collection's statistics change.
 */
export class ImpactLists {
  readonly postings: Postings
  readonly impacts: Float32Array
  /** Per place of a term: the largest impact; NaN where they are not worked out. */
  readonly maxima: Float32Array
  /** Per place: the k-th largest impact (0 if there are fewer), for `#k`; NaN where it is not known. */
  readonly #kth: Float32Array
  #k = 0
  readonly #codes: Uint32Array

  constructor(postings: Postings, similarity: Similarity) {
    this.postings = postings
    this.impacts = new Float32Array(postings.documents.length)
    this.maxima = new Float32Array(postings.terms.length).fill(Number.NaN)
    this.#kth = new Float32Array(postings.terms.length)
    this.#codes = postings.lengths.map(similarity.lengthCode)
  }

  /** Works out a term's impacts if need be; returns the largest. */
  prepare(place: number, similarity: Similarity, idf: number): number {
    const known = this.maxima[place]!
    if (!Number.isNaN(known)) return known
    const { offsets, documents, frequencies } = this.postings
    const { impacts } = this
    const codes = this.#codes
    const { impact } = similarity
    const end = offsets[place + 1]!
    let largest = 0
    for (let p = offsets[place]!; p < end; p++) {
      const value = impact(idf, frequencies[p]!, codes[documents[p]!]!)
      impacts[p] = value
      if (value > largest) largest = value
    }
    this.maxima[place] = largest
    return largest
  }

  /** The k-th largest impact of a prepared term, a lower bound of the k-th best score; 0 if it has fewer. */
  kthLargest(place: number, k: number): number {
    if (k !== this.#k) {
      this.#kth.fill(Number.NaN)
      this.#k = k
    }
    const known = this.#kth[place]!
    if (!Number.isNaN(known)) return known
    const { offsets } = this.postings
    const value = kthLargest(this.impacts, offsets[place]!, offsets[place + 1]!, k)
    this.#kth[place] = value
    return value
  }
}
