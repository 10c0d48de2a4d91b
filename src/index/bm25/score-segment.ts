import type { ImpactLists } from './impact-lists.ts'
import type { TopK } from './top-k.ts'

/** One query term's occurrences in one segment. */
export interface Entry {
  readonly lists: ImpactLists
  readonly place: number
  /** What the impacts are multiplied by: the term's count in the query times the field's weight. */
  readonly weight: number
  /** The most that the term can add to a score. */
  readonly most: number
}

/** Sums may be off by some last bits; bounds are widened by far more than that. */
const SAFETY = 1 + 1e-6

const lengthOf = ({ lists, place }: Entry): number =>
  lists.postings.offsets[place + 1]! - lists.postings.offsets[place]!

/** Adds a whole list to the scores. */
function addAll(sums: Float64Array, { lists, place, weight }: Entry): void {
  const { documents, offsets } = lists.postings
  const { impacts } = lists
  const end = offsets[place + 1]!
  if (weight === 1) for (let p = offsets[place]!; p < end; p++) sums[documents[p]!]! += impacts[p]!
  else for (let p = offsets[place]!; p < end; p++) sums[documents[p]!]! += weight * impacts[p]!
}

/** Adds a list to the scores of some documents only (ascending): jumps ahead in it by doubling steps. */
function addTo(sums: Float64Array, { lists, place, weight }: Entry, candidates: Uint16Array, count: number): void {
  const { documents, offsets } = lists.postings
  const { impacts } = lists
  const end = offsets[place + 1]!
  let p = offsets[place]!
  for (let c = 0; c < count; c++) {
    const document = candidates[c]!
    let step = 1
    let low = p
    while (p < end && documents[p]! < document) {
      low = p + 1
      p += step
      step <<= 1
    }
    let high = Math.min(p, end)
    while (low < high) {
      const middle = (low + high) >>> 1
      if (documents[middle]! < document) low = middle + 1
      else high = middle
    }
    p = low
    if (p >= end) return
    if (documents[p] === document) sums[document]! += weight * impacts[p]!
  }
}

/**
 * Scores a segment's documents for one query, term at a time, and offers them to the best so far. Memory is used again
 * from query to query; `sums` is all zero between them.
 */
export class SegmentScorer {
  #sums = new Float64Array(0)
  #candidates = new Uint16Array(0)
  #rest = new Float64Array(64)

  /**
   * @param entries The query's terms in this segment, in an order that is the same for every segment: scores are sums
   * in this order.
   * @param size Number of documents in the segment.
   * @param base Added to a document's number when it is offered.
   */
  score(entries: readonly Entry[], size: number, base: number, best: TopK): void {
    if (this.#sums.length < size) {
      this.#sums = new Float64Array(size)
      this.#candidates = new Uint16Array(size)
    }
    const rest = this.#restOf(entries)
    // Lists are taken whole as long as a document that is in none of those before could still be among the best.
    let next = 0
    const sums = this.#sums.subarray(0, size)
    for (; next < entries.length && rest[next]! >= best.threshold; next++) addAll(sums, entries[next]!)
    if (next === entries.length) this.#offerAll(sums, base, best)
    else if (next > 0) this.#finishCandidates(entries, next, sums, base, best)
  }

  /** `rest[i]`: the most that entries from `i` on can add. */
  #restOf(entries: readonly Entry[]): Float64Array {
    if (this.#rest.length <= entries.length) this.#rest = new Float64Array(entries.length * 2)
    const rest = this.#rest
    rest[entries.length] = 0
    let sum = 0
    for (let i = entries.length - 1; i >= 0; i--) {
      sum += entries[i]!.most
      rest[i] = sum * SAFETY
    }
    return rest
  }

  #offerAll(sums: Float64Array, base: number, best: TopK): void {
    let threshold = best.threshold
    for (let document = 0; document < sums.length; document++) {
      const sum = sums[document]!
      if (sum === 0) continue
      sums[document] = 0
      const score = Math.fround(sum)
      if (score < threshold) continue
      best.offer(score, base + document)
      threshold = best.threshold
    }
  }

  #finishCandidates(entries: readonly Entry[], from: number, sums: Float64Array, base: number, best: TopK): void {
    const rest = this.#rest
    const candidates = this.#candidates
    let least = best.threshold / SAFETY - rest[from]!
    let count = 0
    for (let document = 0; document < sums.length; document++) {
      const sum = sums[document]!
      if (sum >= least && sum > 0) candidates[count++] = document
    }
    for (let i = from; i < entries.length; i++) {
      const entry = entries[i]!
      if (count * 4 > lengthOf(entry)) addAll(sums, entry)
      else addTo(sums, entry, candidates, count)
      least = best.threshold / SAFETY - rest[i + 1]!
      let left = 0
      for (let c = 0; c < count; c++) if (sums[candidates[c]!]! >= least) candidates[left++] = candidates[c]!
      count = left
    }
    for (let c = 0; c < count; c++) best.offer(Math.fround(sums[candidates[c]!]!), base + candidates[c]!)
    sums.fill(0)
  }
}
