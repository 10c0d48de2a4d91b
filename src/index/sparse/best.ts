import { compareIds, rankOrder } from '../../data/id-order.ts'

/** Room for so many documents at first; few queries of a small collection meet more. */
const FIRST_ROOM = 64

/**
 * The k best documents of one query, offered one by one in any order: score descending, ties by id descending (UTF-8 bytes), at the cut as
 * well. Up to twice k are kept unsorted; when there is no more room, those behind the k-th are dropped.
 */
export class Best {
  readonly #k: number
  #ids: string[] = []
  #rows: Uint32Array
  #scores: Float64Array
  /** Only documents of at least this score need be offered. */
  least = -Infinity
  /** Once k documents were set apart: the id of the last of them. */
  #lastId = ''

  constructor(k: number) {
    this.#k = k
    this.#rows = new Uint32Array(Math.min(FIRST_ROOM, 2 * k))
    this.#scores = new Float64Array(this.#rows.length)
  }

  /** @param row Where the document stands in the collection; only handed back. */
  offer(score: number, row: number, id: string): void {
    if (score < this.least || (score === this.least && compareIds(id, this.#lastId) < 0)) return
    if (this.#ids.length === this.#rows.length) this.#makeRoom()
    const size = this.#ids.push(id)
    this.#scores[size - 1] = score
    this.#rows[size - 1] = row
  }

  /** The k best, best first. */
  finish(): { readonly rows: Uint32Array; readonly scores: Float64Array; readonly ids: readonly string[] } {
    const [ids, rows, scores] = [this.#ids, this.#rows, this.#scores.subarray(0, this.#ids.length)]
    const order = (rankOrder(ids, scores, 'float64') ?? Uint32Array.from(ids, (_, at) => at)).subarray(0, this.#k)
    return {
      rows: order.map((at) => rows[at]!),
      scores: Float64Array.from(order, (at) => scores[at]!),
      ids: Array.from(order, (at) => ids[at]!),
    }
  }

  #makeRoom(): void {
    const most = 2 * this.#k
    if (this.#rows.length === most) {
      this.#dropWorst()
      return
    }
    const [rows, scores] = [this.#rows, this.#scores]
    this.#rows = new Uint32Array(Math.min(most, 2 * rows.length))
    this.#scores = new Float64Array(this.#rows.length)
    this.#rows.set(rows)
    this.#scores.set(scores)
  }

  /** Keeps k of 2k. Numbers sort many times faster than documents, and only those that tie with the k-th need be compared by id. */
  #dropWorst(): void {
    const [ids, scores, k] = [this.#ids, this.#scores, this.#k]
    const least = scores.slice().sort()[k]!
    const tied: { readonly id: string; readonly row: number }[] = []
    let kept = 0
    for (let at = 0; at < ids.length; at++) {
      if (scores[at]! > least) this.#move(at, kept++)
      else if (scores[at] === least) tied.push({ id: ids[at]!, row: this.#rows[at]! })
    }
    const last = tied.sort((a, b) => compareIds(b.id, a.id)).slice(0, k - kept)
    for (const { id, row } of last) {
      ids[kept] = id
      this.#rows[kept] = row
      scores[kept++] = least
    }
    ids.length = k
    this.least = least
    this.#lastId = last.at(-1)!.id
  }

  #move(from: number, to: number): void {
    this.#ids[to] = this.#ids[from]!
    this.#rows[to] = this.#rows[from]!
    this.#scores[to] = this.#scores[from]!
  }
}
