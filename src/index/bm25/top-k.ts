import { compareIds } from '../../data/id-order.ts'

const float = new Float32Array(1)
const bits = new Int32Array(float.buffer)

/** The next float32 below a positive one. */
function nextBelow(score: number): number {
  float[0] = score
  bits[0]!--
  return float[0]!
}

/**
 * Makes float32 scores, best first, strictly descending: where one is not below that before it, it becomes the next
 * number below. Whoever sorts the ranking again (trec_eval does, and ranks equal scores by id descending) then finds
 * the order that it had.
 */
export function separateTies(scores: Float64Array): void {
  for (let i = 1; i < scores.length; i++) if (scores[i]! >= scores[i - 1]!) scores[i] = nextBelow(scores[i - 1]!)
}

/** The k-th largest of `values` from `start` to `end`; 0 if there are fewer than k. */
export function kthLargest(values: Float32Array | Float64Array, start: number, end: number, k: number): number {
  if (end - start < k) return 0
  const heap = Float64Array.from(values.subarray(start, start + k)).sort()
  for (let i = start + k; i < end; i++) {
    const value = values[i]!
    if (value <= heap[0]!) continue
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= k) break
      if (child + 1 < k && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= value) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = value
  }
  return heap[0]!
}

/**
 * The k best of many scored documents: by score descending, ties by id ascending in bytes, as Anserini ranks.
 * A heap whose root is the worst of those kept.
 */
export class TopK {
  readonly #k: number
  readonly #idOf: (document: number) => string
  readonly #scores: Float64Array
  readonly #documents: Float64Array
  #size = 0
  /** A document must reach this score to be taken. */
  threshold = 0

  /**
   * @param idOf Id of a document number, asked only where scores are equal.
   * @param floor A score that at least `k` documents are known to reach.
   */
  constructor(k: number, idOf: (document: number) => string, floor = 0) {
    this.#k = k
    this.#idOf = idOf
    this.#scores = new Float64Array(k)
    this.#documents = new Float64Array(k)
    this.threshold = floor
  }

  /** Takes a document if it is among the best so far. Scores of zero are no match and never taken. */
  offer(score: number, document: number): void {
    if (score < this.threshold || score <= 0) return
    if (this.#size < this.#k) {
      this.#rise(this.#size++, score, document)
      if (this.#size === this.#k && this.#scores[0]! > this.threshold) this.threshold = this.#scores[0]!
    } else if (this.#worse(this.#scores[0]!, this.#documents[0]!, score, document)) {
      this.#sink(score, document)
      if (this.#scores[0]! > this.threshold) this.threshold = this.#scores[0]!
    }
  }

  /** Tells that at least `k` documents reach this score. */
  raise(floor: number): void {
    if (floor > this.threshold) this.threshold = floor
  }

  /** The documents kept, best first. */
  finish(): { documents: Float64Array; scores: Float64Array } {
    const order = Array.from({ length: this.#size }, (_, i) => i)
    const scores = this.#scores
    const documents = this.#documents
    order.sort((a, b) => scores[b]! - scores[a]! || compareIds(this.#idOf(documents[a]!), this.#idOf(documents[b]!)))
    return {
      documents: Float64Array.from(order, (i) => documents[i]!),
      scores: Float64Array.from(order, (i) => scores[i]!),
    }
  }

  #worse(score: number, document: number, than: number, other: number): boolean {
    if (score !== than) return score < than
    return compareIds(this.#idOf(document), this.#idOf(other)) > 0
  }

  #rise(at: number, score: number, document: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#worse(score, document, this.#scores[parent]!, this.#documents[parent]!)) break
      this.#put(at, this.#scores[parent]!, this.#documents[parent]!)
      at = parent
    }
    this.#put(at, score, document)
  }

  #sink(score: number, document: number): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#size) break
      if (
        child + 1 < this.#size &&
        this.#worse(
          this.#scores[child + 1]!,
          this.#documents[child + 1]!,
          this.#scores[child]!,
          this.#documents[child]!,
        )
      )
        child++
      if (!this.#worse(this.#scores[child]!, this.#documents[child]!, score, document)) break
      this.#put(at, this.#scores[child]!, this.#documents[child]!)
      at = child
    }
    this.#put(at, score, document)
  }

  #put(at: number, score: number, document: number): void {
    this.#scores[at] = score
    this.#documents[at] = document
  }
}
