/** A known retrieval data set, as `fieldtrial datasets` lists it. */
export interface DatasetInfo {
  /** As a study names it: `beir/scifact`, `coir/cosqa`. */
  readonly id: string
  readonly family: 'beir' | 'coir'
  /** Short name for tables. */
  readonly name: string
  readonly title: string
  /** Data set on the hub, or null where it may not be given away. */
  readonly hub: string | null
  readonly subset?: string
  /** The split of the official figures. */
  readonly split: string
  /** Official counts; queries are those of the split. */
  readonly documents: number
  readonly queries: number
  readonly modality: 'text' | 'code'
  /**
   * Whether the document with the query's own id is dropped from its ranking. BEIR's evaluation and Anserini's
   * `-removeQuery` do so for every data set, but it changes rankings only where queries are themselves documents
   * (ArguAna, Quora); elsewhere equal ids are chance, and a relevant document could be lost. It is on for those two.
   */
  readonly removeSelf: boolean
  /** CoIR's figures are over the text alone; BEIR's over title and text. */
  readonly titles: 'keep' | 'omit'
  /** Measure of the official figures. */
  readonly measure: string
  readonly note?: string
}
