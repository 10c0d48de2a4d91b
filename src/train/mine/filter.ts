import type { Json } from '../../core/fingerprint.ts'
import type { Document, Query } from '../../data/index.ts'

export type Verdict = 'keep' | 'filter' | 'unclear'

/** A second opinion on candidates: what it takes for an answer to the query is no negative. */
export interface NegativeFilter {
  /** All that its opinions depend on. */
  readonly identity: Json
  /** One line for people. */
  readonly summary: string
  /** Whether the scores of positives are needed for a verdict; they are written into the file, too. */
  readonly scoresPositives: boolean
  /** What it thinks of documents as answers, higher for better ones; null where it gave no opinion. */
  score(query: Query, documents: readonly Document[], signal?: AbortSignal): Promise<(number | null)[]>
  /** @param positives Scores of the query's positives; empty unless `scoresPositives`. */
  verdict(score: number | null, positives: readonly number[]): Verdict
  close(): Promise<void>
}

/** Opinions of a filter on one query's documents, each asked for once. */
export class Opinions {
  readonly #filter: NegativeFilter
  readonly #query: Query
  readonly #documents: ReadonlyMap<string, Document>
  readonly #known = new Map<string, number | null>()

  constructor(filter: NegativeFilter, query: Query, documents: ReadonlyMap<string, Document>) {
    this.#filter = filter
    this.#query = query
    this.#documents = documents
  }

  async of(ids: readonly string[], signal: AbortSignal | undefined): Promise<(number | null)[]> {
    const unknown = ids.filter((id) => !this.#known.has(id) && this.#documents.has(id))
    if (unknown.length > 0) {
      const scores = await this.#filter.score(
        this.#query,
        unknown.map((id) => this.#documents.get(id)!),
        signal,
      )
      for (const [i, id] of unknown.entries()) this.#known.set(id, scores[i]!)
    }
    return ids.map((id) => this.#known.get(id) ?? null)
  }
}
