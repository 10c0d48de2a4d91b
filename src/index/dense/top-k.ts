import { compareIds } from '../../data/id-order.ts'

/**
 * The k best documents of each of many queries, fed block by block: one binary heap per query with the worst of the best at its root.
 * Best first is score descending, ties by id descending (UTF-8 bytes), which is trec_eval's order; ties at the cut are settled the same
 * way, so the result does not depend on the order or size of the blocks.
 */
export class TopK {
  readonly queries: number
  readonly k: number
  readonly #scores: Float32Array
  readonly #rows: Int32Array
  readonly #ids: string[]
  readonly #sizes: Int32Array
  readonly #bounds: Float32Array

  /**
   * @param bounds One number per query, -Infinity at first; shared with the other threads that search for the same queries. It is the k-th best
   *   score that any of them has met: what lies below it cannot be among the best of all, so heaps may hold fewer than k. Whenever a thread
   *   sees what another wrote, what all keep together holds the same k best.
   */
  constructor(queries: number, k: number, bounds: Float32Array) {
    this.#bounds = bounds
    this.queries = queries
    this.k = k
    this.#scores = new Float32Array(queries * k)
    this.#rows = new Int32Array(queries * k)
    this.#ids = new Array<string>(queries * k).fill('')
    this.#sizes = new Int32Array(queries)
  }

  /**
   * Takes one block of scores in.
   *
   * @param scores Row-major, `count` queries × `stride` documents.
   * @param maxima The largest of each `chunk` neighbouring scores, `count` × (stride / chunk): most chunks hold nothing of use, and one
   *   look tells.
   * @param documents Documents of the block; what lies behind them up to `stride` is padding.
   * @param firstRow Row of the block's first document in the collection.
   * @param ids `ids[firstId + j]` is the id of the block's document j.
   * @param firstQuery Which query the first row of scores belongs to.
   */
  add(block: {
    readonly scores: Float32Array
    readonly maxima: Float32Array
    readonly chunk: number
    readonly stride: number
    readonly documents: number
    readonly firstRow: number
    readonly ids: readonly string[]
    readonly firstId: number
    readonly firstQuery: number
    readonly count: number
  }): void {
    const { scores, maxima, chunk, stride, documents, firstRow, ids, firstId, firstQuery, count } = block
    const chunks = stride / chunk
    for (let i = 0; i < count; i++) {
      const query = firstQuery + i
      const root = query * this.k
      let own = this.#own(query)
      let least = Math.max(own, this.#bounds[query]!)
      for (let c = 0; c < chunks; c++) {
        if (maxima[i * chunks + c]! < least) continue
        const end = Math.min(documents, (c + 1) * chunk)
        for (let j = c * chunk; j < end; j++) {
          const score = scores[i * stride + j]!
          if (score < least) continue
          const id = ids[firstId + j]!
          if (score === own && compareIds(id, this.#ids[root]!) <= 0) continue
          this.#insert(query, score, firstRow + j, id)
          own = this.#own(query)
          least = Math.max(own, least)
        }
      }
      if (own > this.#bounds[query]!) this.#bounds[query] = own
    }
  }

  /**
   * Empties the heaps.
   *
   * @returns queries × k rows and scores, best first, and how many of each k there are. The ids are given once per distinct document.
   */
  finish(): {
    readonly rows: Int32Array
    readonly scores: Float32Array
    readonly sizes: Int32Array
    readonly ids: Map<number, string>
  } {
    const ids = new Map<number, string>()
    for (let query = 0; query < this.queries; query++) {
      // The worst goes to the end, then the worst of the rest before it …
      for (let size = this.#sizes[query]!; size > 1; size--) {
        const root = query * this.k
        const last = root + size - 1
        const [score, row, id] = [this.#scores[root]!, this.#rows[root]!, this.#ids[root]!]
        this.#sink(root, size - 1, this.#scores[last]!, this.#rows[last]!, this.#ids[last]!)
        this.#set(last, score, row, id)
      }
    }
    for (let query = 0; query < this.queries; query++) {
      const root = query * this.k
      const end = root + this.#sizes[query]!
      for (let slot = root; slot < end; slot++) ids.set(this.#rows[slot]!, this.#ids[slot]!)
    }
    return { rows: this.#rows, scores: this.#scores, sizes: this.#sizes, ids }
  }

  /** The worst score of a full heap; while it is not full, nothing is too bad. */
  #own(query: number): number {
    return this.#sizes[query]! < this.k ? -Infinity : this.#scores[query * this.k]!
  }

  #set(slot: number, score: number, row: number, id: string): void {
    this.#scores[slot] = score
    this.#rows[slot] = row
    this.#ids[slot] = id
  }

  /** Whether a slot's document ranks behind the given one. */
  #behind(slot: number, score: number, id: string): boolean {
    const other = this.#scores[slot]!
    return other < score || (other === score && compareIds(this.#ids[slot]!, id) < 0)
  }

  #insert(query: number, score: number, row: number, id: string): void {
    const root = query * this.k
    const size = this.#sizes[query]!
    if (size === this.k) {
      this.#sink(root, size, score, row, id)
      return
    }
    let at = size
    while (at > 0) {
      const parent = (at - 1) >> 1
      // A parent that is not behind the new one gives way.
      if (this.#behind(root + parent, score, id)) break
      this.#set(root + at, this.#scores[root + parent]!, this.#rows[root + parent]!, this.#ids[root + parent]!)
      at = parent
    }
    this.#set(root + at, score, row, id)
    this.#sizes[query] = size + 1
  }

  /** Puts a document in the place of the root and lets it sink to where it belongs. */
  #sink(root: number, size: number, score: number, row: number, id: string): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      const right = root + child + 1
      if (child + 1 < size && this.#behind(right, this.#scores[right - 1]!, this.#ids[right - 1]!)) child++
      if (!this.#behind(root + child, score, id)) break
      const from = root + child
      this.#set(root + at, this.#scores[from]!, this.#rows[from]!, this.#ids[from]!)
      at = child
    }
    this.#set(root + at, score, row, id)
  }
}
