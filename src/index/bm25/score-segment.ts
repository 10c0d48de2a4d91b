import type { ImpactLists } from './impact-lists.ts'
import type { Ranked } from './ranked.ts'
import { SAFETY, TopK } from './top-k.ts'

/** One query term's occurrences in one segment. */
export interface Entry {
  readonly lists: ImpactLists
  /** Where its occurrences are in `lists`. */
  readonly start: number
  readonly end: number
  /** What the impacts are multiplied by: the term's count in the query times the field's weight. */
  readonly weight: number
  /** The most that the term can add to a score. */
  readonly most: number
}

/** To look at a document that has an occurrence costs about as much as to look at so many in a row. */
const IN_A_ROW = 4

/** Adds a list to the sums. */
function add(sums: Float64Array, { lists, start, end, weight }: Entry): void {
  const { impacts } = lists
  const { documents } = lists.postings
  if (weight === 1) for (let p = start; p < end; p++) sums[documents[p]!]! += impacts[p]!
  else for (let p = start; p < end; p++) sums[documents[p]!]! += weight * impacts[p]!
}

/**
 * Finds the best documents of a segment for one query: adds up the impacts of all terms, term by term, and offers every
 * sum that may be among the best.
 *
 * Lists are not skipped by their upper bounds (MaxScore, WAND), nor documents taken in small windows. Both were tried:
 * with impacts worked out beforehand an occurrence costs a few nanoseconds, and the bookkeeping more than it saves.
 */
export class SegmentScorer {
  /** All zero between queries; as long as the largest segment met. */
  #sums = new Float64Array(0)
  readonly #best = new TopK()

  /**
   * The k best documents of a segment, best first.
   *
   * @param entries The query's terms in this segment, in an order that is the same for every segment: scores are sums
   * in this order.
   * @param ids The segment's.
   * @param floor Documents below this score are of no interest.
   */
  search(entries: readonly Entry[], ids: readonly string[], k: number, floor: number): Ranked {
    const size = ids.length
    if (this.#sums.length < size) this.#sums = new Float64Array(size)
    let most = 0
    let occurrences = 0
    for (const entry of entries) {
      most += entry.most
      occurrences += entry.end - entry.start
    }
    const best = this.#best
    best.begin(k, floor, most * SAFETY)
    if (most * SAFETY >= best.least) {
      for (const entry of entries) add(this.#sums, entry)
      if (occurrences * IN_A_ROW > size) this.#offerByDocument(size)
      else this.#offerByList(entries)
    }
    return best.finish(ids)
  }

  /** Offers all sums and clears them. */
  #offerByDocument(size: number): void {
    const sums = this.#sums
    const best = this.#best
    const whole = size & ~3
    let { least } = best
    for (let i = 0; i < whole; i += 4) {
      // Four at a time: hardly ever is one of them high enough.
      if (sums[i]! < least && sums[i + 1]! < least && sums[i + 2]! < least && sums[i + 3]! < least) continue
      for (let document = i; document < i + 4; document++)
        if (sums[document]! >= best.least) best.offer(sums[document]!, document)
      least = best.least
    }
    for (let document = whole; document < size; document++)
      if (sums[document]! >= best.least) best.offer(sums[document]!, document)
    sums.fill(0, 0, size)
  }

  /** The same, looking only at documents that have an occurrence. */
  #offerByList(entries: readonly Entry[]): void {
    const sums = this.#sums
    const best = this.#best
    let { least } = best
    for (const { lists, start, end } of entries) {
      const { documents } = lists.postings
      for (let p = start; p < end; p++) {
        const document = documents[p]!
        const sum = sums[document]!
        sums[document] = 0
        // Also true of a document that was met in an earlier list. One test, and hardly ever a surprise.
        if (sum < least) continue
        best.offer(sum, document)
        least = best.least
      }
    }
  }
}
