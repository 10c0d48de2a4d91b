import type { Ranked } from './ranked.ts'

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

/** Puts a number in the place of the least one of a heap. */
function replaceLeast(heap: Float64Array, size: number, value: number): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= value) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = value
}

/** The k largest of `values` from `start` to `end`, which are at least k, as a heap. */
function largest(values: Float32Array | Float64Array, end: number, k: number, start = 0): Float64Array {
  // An ascending array is a heap.
  const heap = Float64Array.from(values.subarray(start, start + k)).sort()
  for (let i = start + k; i < end; i++) if (values[i]! > heap[0]!) replaceLeast(heap, k, values[i]!)
  return heap
}

/** The k-th largest of `values` from `start` to `end`; 0 if there are fewer than k. */
export function kthLargest(values: Float32Array, start: number, end: number, k: number): number {
  return end - start < k ? 0 : largest(values, end, k, start)[0]!
}

/** Documents of one segment: their numbers take 16 bits of a key. */
const NUMBERS = 0x10000
const BUCKETS = 1024

/** Sums may be off by some last bits, and float32 makes equal what is not; bounds are widened by far more than that. */
export const SAFETY = 1 + 1e-6

/**
 * Selects the k best documents of a segment. What may be among them is kept; how many documents reach each of 1,024
 * levels of score is counted on the way, and as soon as k reach a level, nothing below it is kept any more. That costs
 * next to nothing per document, where a heap costs a sift. The few that are left in the end are sorted as single
 * numbers: the bits of the float32 score above the complement of the document's number settle score and tie at once.
 */
export class TopK {
  readonly #counts = new Int32Array(BUCKETS)
  #sums = new Float64Array(1024)
  #documents = new Uint16Array(1024)
  #size = 0
  #k = 0
  #scale = 0
  /** Level below which documents are not kept, and the number of documents at it or above. */
  #level = 0
  #reached = 0
  /** Only documents of at least this sum need be offered; above zero, since zero is no match. */
  least = 0

  /**
   * Starts anew.
   *
   * @param floor float32 score that the documents must reach.
   * @param most No sum is larger.
   */
  begin(k: number, floor: number, most: number): void {
    this.#k = k
    this.#size = 0
    this.#scale = (BUCKETS - 1) / most
    this.#level = Math.max(0, Math.floor(floor * this.#scale))
    this.#reached = 0
    this.#counts.fill(0)
    this.least = Math.max(floor / SAFETY, Number.MIN_VALUE)
  }

  /** Takes a document whose sum is at least `least`. */
  offer(sum: number, document: number): void {
    const size = this.#size++
    if (size === this.#sums.length) this.#grow()
    this.#sums[size] = sum
    this.#documents[size] = document
    const level = (sum * this.#scale) | 0
    this.#counts[level]!++
    if (level < this.#level || ++this.#reached < this.#k) return
    while (this.#reached - this.#counts[this.#level]! >= this.#k) this.#reached -= this.#counts[this.#level++]!
    this.least = Math.max(this.least, this.#level / this.#scale / SAFETY)
  }

  /**
   * The k best documents, best first.
   *
   * @param ids The segment's, by number.
   */
  finish(ids: readonly string[]): Ranked {
    const { least } = this
    let count = 0
    // Keys take the place of sums that have been read.
    const keys = this.#sums
    for (let i = 0; i < this.#size; i++) {
      if (keys[i]! < least) continue
      float[0] = keys[i]!
      if (bits[0] === 0) continue
      keys[count++] = bits[0]! * NUMBERS + (NUMBERS - 1 - this.#documents[i]!)
    }
    const sorted = (count > 4 * this.#k ? largest(keys, count, this.#k) : keys.subarray(0, count)).sort()
    const size = Math.min(count, this.#k)
    const found: string[] = []
    const scores = new Float64Array(size)
    for (let i = 0; i < size; i++) {
      const key = sorted[sorted.length - 1 - i]!
      const high = Math.floor(key / NUMBERS)
      found.push(ids[NUMBERS - 1 - (key - high * NUMBERS)]!)
      bits[0] = high
      scores[i] = float[0]!
    }
    return { ids: found, scores }
  }

  #grow(): void {
    const sums = new Float64Array(this.#sums.length * 2)
    const documents = new Uint16Array(sums.length)
    sums.set(this.#sums)
    documents.set(this.#documents)
    this.#sums = sums
    this.#documents = documents
  }
}
