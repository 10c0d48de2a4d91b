/** The most documents of a segment: their numbers fit 16 bits, and the scores of all of them a processor's cache. */
export const SEGMENT_DOCUMENTS = 1 << 16

export type Frequencies = Uint8Array | Uint16Array | Uint32Array

/**
 * Occurrences of terms in one field of a segment's documents, by term. The list of `terms[i]` are the places
 * `offsets[i]` to `offsets[i + 1]` of `documents` (ascending) and `frequencies`.
 */
export interface Postings {
  /** Numbers of the terms that occur, ascending. */
  readonly terms: Int32Array
  readonly offsets: Uint32Array
  readonly documents: Uint16Array
  readonly frequencies: Frequencies
  /** Length of each document's field, in terms. */
  readonly lengths: Uint32Array
}

/**
 * Up to 65,536 documents with all that is known about them, in the order of their ids (bytes): of documents with equal
 * scores the one with the lower number comes first. A segment never changes; deletion makes a new one.
 */
export interface Segment {
  readonly ids: readonly string[]
  /** One per field of the index. */
  readonly fields: readonly Postings[]
}

/** The smallest array type that holds the numbers. */
export function frequenciesFor(largest: number, length: number): Frequencies {
  if (largest <= 0xff) return new Uint8Array(length)
  return largest <= 0xffff ? new Uint16Array(length) : new Uint32Array(length)
}

/** The place of a term in `terms`, or −1. */
export function placeOfTerm(terms: Int32Array, term: number): number {
  let low = 0
  let high = terms.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = terms[middle]!
    if (found === term) return middle
    if (found < term) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Collects one field's occurrences document by document. */
export class PostingsBuilder {
  /** Pairs of term and frequency, documents one after another. */
  #pairs = new Uint32Array(1 << 16)
  #used = 0
  /** Where each document's pairs end. */
  readonly #ends: number[] = []
  readonly #lengths: number[] = []
  /** Occurrences in the document under way, by term; all zero between documents. */
  #counts = new Uint32Array(1 << 16)
  #largestTerm = -1
  #largestFrequency = 0

  /** Adds the next document's terms, in any order. */
  add(terms: Int32Array): void {
    const count = terms.length
    if (this.#used + 2 * count > this.#pairs.length) {
      const larger = new Uint32Array(Math.max(this.#pairs.length * 2, this.#used + 2 * count))
      larger.set(this.#pairs.subarray(0, this.#used))
      this.#pairs = larger
    }
    let used = this.#used
    for (let i = 0; i < count; i++) {
      const term = terms[i]!
      if (term > this.#largestTerm) this.#admit(term)
      if (this.#counts[term]!++ === 0) {
        this.#pairs[used] = term
        used += 2
      }
    }
    for (let i = this.#used; i < used; i += 2) {
      const term = this.#pairs[i]!
      const frequency = this.#counts[term]!
      this.#counts[term] = 0
      this.#pairs[i + 1] = frequency
      if (frequency > this.#largestFrequency) this.#largestFrequency = frequency
    }
    this.#used = used
    this.#ends.push(used)
    this.#lengths.push(count)
  }

  #admit(term: number): void {
    this.#largestTerm = term
    if (term < this.#counts.length) return
    const larger = new Uint32Array(Math.max(term + 1, this.#counts.length * 2))
    larger.set(this.#counts)
    this.#counts = larger
  }

  /**
   * Sorts by term what was added, and starts anew.
   *
   * @param order The documents' places in the order in which they were added, in the order that they shall have.
   */
  finish(order: readonly number[]): Postings {
    const pairs = this.#pairs
    const occurrences = new Uint32Array(this.#largestTerm + 2)
    for (let i = 0; i < this.#used; i += 2) occurrences[pairs[i]!]!++
    let different = 0
    for (let term = 0; term <= this.#largestTerm; term++) if (occurrences[term] !== 0) different++
    const terms = new Int32Array(different)
    const offsets = new Uint32Array(different + 1)
    let place = 0
    let total = 0
    for (let term = 0; term <= this.#largestTerm; term++) {
      const count = occurrences[term]!
      if (count === 0) continue
      terms[place] = term
      offsets[place++] = total
      // From here on: where the term's next occurrence goes.
      occurrences[term] = total
      total += count
    }
    offsets[different] = total
    const documents = new Uint16Array(total)
    const frequencies = frequenciesFor(this.#largestFrequency, total)
    const lengths = new Uint32Array(order.length)
    for (let document = 0; document < order.length; document++) {
      const added = order[document]!
      lengths[document] = this.#lengths[added]!
      const end = this.#ends[added]!
      for (let i = added === 0 ? 0 : this.#ends[added - 1]!; i < end; i += 2) {
        const at = occurrences[pairs[i]!]!++
        documents[at] = document
        frequencies[at] = pairs[i + 1]!
      }
    }
    this.#used = 0
    this.#ends.length = 0
    this.#lengths.length = 0
    this.#largestTerm = -1
    this.#largestFrequency = 0
    return { terms, offsets, documents, frequencies, lengths }
  }
}
