/** Which side of the search a text is on; recipes treat the two differently. */
export type Side = 'query' | 'document'

/**
 * How one vector is made of a text's token states (names as sentence-transformers writes them into `1_Pooling/config.json`).
 * `mean` sums and divides by the token count, `mean_sqrt_len` by its square root; `weightedmean` weighs position i by i+1 (SGPT);
 * `lasttoken` takes the last real token whatever the padding side.
 */
export type Pooling = 'cls' | 'mean' | 'max' | 'mean_sqrt_len' | 'weightedmean' | 'lasttoken'

/**
 * A resolved recipe: all that turns a model into a retriever, nothing left to defaults. Pure data; it enters the fingerprint whole.
 */
export interface Recipe {
  /** Name in study files, e.g. `sentence-transformers`. */
  readonly id: string
  /** Where the recipe comes from: a paper, a tool, or the model's own files. */
  readonly source: string
  /** Text put before the query and before the document, as sent, spaces included; empty for none. */
  readonly prefix: Readonly<Record<Side, string>>
  readonly pooling: readonly Pooling[]
  /** Whether the tokens of the prefix take part in the pooling. */
  readonly includePrompt: boolean
  /** Whether vectors are scaled to length 1. */
  readonly normalize: boolean
  /** Tokens kept of a text, special tokens included. */
  readonly maxLength: number
  /** How two vectors are compared. With normalised vectors both are the same. */
  readonly similarity: 'cosine' | 'dot'
}
