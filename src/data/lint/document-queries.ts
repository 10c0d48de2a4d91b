import type { Document, Qrels, Query } from '../types.ts'
import { TextIndex } from './text-index.ts'
import type { DocumentQueries } from './types.ts'

const EXAMPLES = 5

/** Finds documents that are queries under test, one document at a time. */
export class DocumentQueryCheck {
  readonly #index: TextIndex
  readonly #qrels: Qrels
  readonly #queries = new Set<string>()
  readonly #examples: (readonly [string, string])[] = []
  #same = 0
  #near = 0
  #relevant = 0

  /** @param threshold Jaccard of the sets of words from which on document and query are near copies. */
  constructor(queries: readonly Query[], qrels: Qrels, threshold: number) {
    this.#index = new TextIndex(threshold)
    this.#qrels = qrels
    for (const { id, text } of queries) this.#index.add(id, text)
  }

  add({ id, title, text }: Document): void {
    // A document may repeat a query with its text alone, as questions with a title do.
    const match = this.#index.find(`${title} ${text}`) ?? (title === '' ? undefined : this.#index.find(text))
    if (match === undefined) return
    if (match.same) this.#same++
    else this.#near++
    this.#queries.add(match.id)
    if ((this.#qrels.get(match.id)?.get(id) ?? 0) > 0) this.#relevant++
    if (this.#examples.length < EXAMPLES) this.#examples.push([id, match.id])
  }

  result(): DocumentQueries {
    return {
      same: this.#same,
      near: this.#near,
      relevant: this.#relevant,
      queries: this.#queries.size,
      examples: this.#examples,
    }
  }
}
