/** A document as it is ranked: the title may be empty. */
export interface Document {
  readonly id: string
  readonly title: string
  readonly text: string
}

export interface Query {
  readonly id: string
  readonly text: string
}

/** Relevance judgments: query id → document id → grade (an integer; negative grades exist in TREC files). */
export type Qrels = Map<string, Map<string, number>>

/**
 * One query's ranked documents. `ids[i]` has `scores[i]`. Order is not promised by readers of files;
 * `fieldtrial` itself writes by score descending, ties by id descending (bytes), which is trec_eval's order.
 */
export interface Ranking {
  readonly ids: readonly string[]
  readonly scores: Float64Array
}

/** A TREC run: query id → ranking. */
export type Run = Map<string, Ranking>

/** Something about a collection that the reader of a number must know. */
export interface Finding {
  /** Stable, dotted: `documents.empty`, `documents.duplicate-text`, `qrels.absent-documents`, `queries.unjudged` … */
  readonly code: string
  readonly level: 'info' | 'warning'
  /** How many items it concerns, out of `of`. */
  readonly count: number
  readonly of: number
  readonly message: string
  /** A few ids, for a look. */
  readonly examples: readonly string[]
}

/** What one pass over a collection finds; it decides the collection's identity. */
export interface CollectionSummary {
  readonly documents: number
  /** Queries of the split, i.e. those with at least one judgment. */
  readonly queries: number
  readonly judgments: number
  /** UTF-16 code units of all documents' titles and texts, and of all judged queries: what estimates of time are made from. */
  readonly documentCharacters: number
  readonly queryCharacters: number
  /** SHA-256 over the records (id, title, text) in order: equal for the same content in any file format. */
  readonly corpusHash: string
  readonly queriesHash: string
  readonly qrelsHash: string
  readonly findings: readonly Finding[]
}

/** A collection opened for reading. Streams may be started any number of times; nothing is kept in memory by them. */
export interface Collection {
  /** Short name for tables, e.g. `scifact`. */
  readonly name: string
  /** As the user named it: a path or `hf:BeIR/scifact`. */
  readonly source: string
  readonly split: string
  /** BEIR's rule for ArguAna, Quora and the like: a document whose id equals the query's is dropped from its ranking. */
  readonly removeSelf: boolean
  documents(): AsyncIterable<Document>
  /** The judged queries of the split, in the order of the file. */
  queries(): Promise<Query[]>
  qrels(): Promise<Qrels>
}
