import { rankOrder } from '../../data/id-order.ts'
import type { Run } from '../../data/types.ts'

/**
 * Documents that retrievers rank high for some query. They are what keeps a sample hard: a document that no retriever finds changes no
 * ranking (Fröbe et al., Corpus Subsampling, ECIR 2025, keep the first 100 or 1,000 of the systems that were pooled).
 */
export class HardPool {
  /** Document → its best rank, from 1, for any query and retriever. */
  readonly ranks = new Map<string, number>()
  /** Retriever → the documents that it found. */
  readonly found = new Map<string, ReadonlySet<string>>()

  /** Takes the first `depth` documents of every query. @param removeSelf Whether the document with the query's own id is passed over. */
  add(name: string, run: Run, depth: number, removeSelf: boolean): void {
    const mine = new Set<string>()
    for (const [query, { ids, scores }] of run) {
      const order = rankOrder(ids, scores, 'float64')
      let rank = 0
      for (let i = 0; i < ids.length && rank < depth; i++) {
        const id = ids[order === null ? i : order[i]!]!
        if (removeSelf && id === query) continue
        rank++
        mine.add(id)
        if (rank < (this.ranks.get(id) ?? Number.POSITIVE_INFINITY)) this.ranks.set(id, rank)
      }
    }
    this.found.set(name, mine)
  }
}
