/** Collections of one publisher or benchmark; each has a file of its own. */
export type DatasetFamily = 'beir' | 'coir' | 'msmarco' | 'image' | 'vidore' | 'mbeir' | 'mmeb'

/** What the queries, or the documents, are. */
export type DatasetModality = 'text' | 'code' | 'image' | 'text+code'

/** A repository on the hub, at a commit. */
export interface HubSource {
  /** `owner/name`. */
  readonly repo: string
  /** The commit that the registry's name stands for; null where none is known: then `main` is used, which is said. */
  readonly revision: string | null
  /** Where judgments lie in a repository of their own (BEIR): that repository, with its commit. */
  readonly qrels?: { readonly repo: string; readonly revision: string | null }
}

/** Official counts of one split; null where none was found in public material. */
export interface SplitCounts {
  readonly queries: number | null
  /** Lines of the qrels, those of grade 0 included. */
  readonly judgments: number | null
}

/** SHA-256 of a collection's content, as `datasets show` prints them; the same for every file format. */
export interface ContentHashes {
  readonly corpus: string
  /** Of a split's queries and judgments. */
  readonly splits: Readonly<Record<string, { readonly queries: string; readonly qrels: string }>>
}

/** Fields that can be wrong: an entry lists those of them that were checked against no public copy of the data. */
export type DatasetField = 'hub' | 'revision' | 'counts' | 'licence'

/** A known data set, as `fieldtrial datasets` lists it. */
export interface DatasetInfo {
  /** As a study names it: `beir/scifact`, `coir/cosqa`. */
  readonly id: string
  readonly family: DatasetFamily
  /** Short name for tables, unique over all families but for sets that two families share. */
  readonly name: string
  readonly title: string
  /** `retrieval`: documents, queries and judgments. `training`: queries with relevant and irrelevant passages beside them. */
  readonly kind: 'retrieval' | 'training'
  /** Where it is fetched from, or null where it cannot be; `note` says why. */
  readonly hub: HubSource | null
  /** Other repositories with the same content, e.g. MTEB's copies of BEIR's sets. */
  readonly mirrors: readonly HubSource[]
  /** Which collection, where the repository holds several. */
  readonly subset?: string
  /** The split of the official figures. */
  readonly split: string
  readonly splits: Readonly<Record<string, SplitCounts>>
  /** Official counts; queries are those of the split. */
  readonly documents: number | null
  readonly queries: number | null
  readonly queryModality: DatasetModality
  readonly modality: DatasetModality
  /** Natural languages, ISO 639-1. */
  readonly languages: readonly string[]
  /** Programming languages of the code, lower case; empty where there is none. */
  readonly programmingLanguages: readonly string[]
  /**
   * Whether the document with the query's own id is dropped from its ranking. BEIR's evaluation and Anserini's
   * `-removeQuery` do so for every data set, but it changes rankings only where queries are themselves documents
   * (ArguAna, Quora); elsewhere equal ids are chance, and a relevant document could be lost. It is on for those two.
   */
  readonly removeSelf: boolean
  /** CoIR's figures are over the text alone; BEIR's and MTEB's over title and text. */
  readonly titles: 'keep' | 'omit'
  /** Measures of the official figures, the leading one first. */
  readonly measures: readonly string[]
  /** As its owner or its page on the hub states it; an SPDX identifier where it is one. */
  readonly licence: string
  /** Bytes to fetch, of the files in `hub`; null if unknown. */
  readonly bytes: number | null
  readonly hashes?: ContentHashes
  readonly note?: string
  readonly unverified: readonly DatasetField[]
}
