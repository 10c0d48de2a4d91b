/** Where a figure was read. */
export interface PublishedSource {
  /** Stable, short: `anserini`, `mteb-leaderboard`. */
  readonly id: string
  readonly title: string
  /** Address of the page or file, at a commit where it has one. */
  readonly url: string
}

/** How documents were scored by a BM25, as far as its source says. */
export interface PublishedBm25 {
  readonly variant: 'lucene'
  readonly k1: number
  readonly b: number
  /** The analyzer by its name here. */
  readonly analyzer: 'lucene-english'
  /** Title and text as two fields, their scores added. */
  readonly multifield: boolean
}

/** What decides, beside the retriever, whether a figure can stand beside another one. `unknown`: the source does not say. */
export interface PublishedProtocol {
  /** Whether a document is its title and its text, or its text alone. */
  readonly titles: 'keep' | 'omit' | 'unknown'
  /** `full`: the official corpus. `pooled`: judged or retrieved documents only. `sampled`: another part of it. */
  readonly corpus: 'full' | 'pooled' | 'sampled' | 'unknown'
  /** `none`: the system takes no prompt. `known`: its authors publish the words. */
  readonly prompts: 'none' | 'known' | 'unknown'
  /** Whether the document with the query's own id was dropped from its ranking. */
  readonly removeSelf: boolean | 'unknown'
  readonly bm25?: PublishedBm25
  /** Tokens after which a query and a document were cut. */
  readonly maxLength?: { readonly query: number; readonly document: number }
  /** Commit of the data, where the source names one and another is in use now. */
  readonly otherRevision?: { readonly theirs: string; readonly current: string }
}

export type SystemKind = 'bm25' | 'dense' | 'sparse' | 'hybrid'

/** One number that somebody published. */
export interface PublishedFigure {
  /** A registry id (`beir/scifact`), or a pattern (`beir/cqadupstack-*`) for a mean over the collections that match it. */
  readonly collection: string
  readonly split: string
  readonly system: string
  readonly kind: SystemKind
  /** Canonical name: `nDCG@10`. */
  readonly measure: string
  /** 0–1. */
  readonly value: number
  /** Decimals that the source prints of the value as 0–1. */
  readonly decimals: number
  readonly source: PublishedSource
  readonly protocol: PublishedProtocol
  /** Read at the source itself. False: handed on by others or quoted from memory. */
  readonly verified: boolean
  readonly note?: string
}
