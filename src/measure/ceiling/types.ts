/** The most that a measure can be on a collection. */
export interface Ceiling {
  readonly measure: string
  /** Mean over the judged queries of the best ranking that identical documents allow, in expectation. */
  readonly value: number
  /** The same if every document could be told from every other: below the measure's best where relevant documents are absent or too many. */
  readonly apart: number
}

/** Relevant judgments of documents that have a twin which is not judged relevant for the same query. */
export interface Twins {
  readonly pairs: number
  /** Relevant judgments of documents that are in the corpus. */
  readonly of: number
  /** Queries. */
  readonly examples: readonly string[]
}
