/** A picture of a collection, not yet read: collections of images are larger than memory. */
export interface ImageRef {
  /** As the collection names it: relative to its folder, or the name inside a parquet file; null where it has none. */
  readonly path: string | null
  /**
   * The encoded picture (PNG, JPEG …), read anew on each call.
   *
   * @throws FieldtrialError `DATA_MISSING` when the file is not there, `DATA_INVALID` when it is empty.
   */
  bytes(): Promise<Uint8Array>
}

/** A document as it is ranked: the title may be empty, and of one that is an image the text too. */
export interface Document {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly image?: ImageRef
}

/** A query; the text of one that is an image may be empty. */
export interface Query {
  readonly id: string
  readonly text: string
  readonly image?: ImageRef
}

/** How many records are which: text only, image only, both, or neither. */
export interface ModalityCounts {
  readonly text: number
  readonly image: number
  readonly both: number
  readonly empty: number
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
  /** What to do about it, where there is something to do. */
  readonly hint?: string
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
  readonly modalities: { readonly documents: ModalityCounts; readonly queries: ModalityCounts }
  /** SHA-256 over the records (id, title, text, SHA-256 of the image if any) in order: equal for the same content in any file format. */
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
