// What lint finds, as data: it stands in results, and the report's page reads it, so nothing else is imported here.

/** Groups of documents that have the same text. */
export interface TextGroups {
  /** Different texts. */
  readonly distinct: number
  /** Texts that several documents have, these documents together, and the most of one text. */
  readonly groups: number
  readonly documents: number
  readonly largest: number
}

export interface NearPair {
  readonly ids: readonly [string, string]
  readonly jaccard: number
}

/** A query under test and one of another split that is the same, or nearly. */
export interface Leak {
  readonly query: string
  readonly other: string
  /** Split of the other query; null where no split judges it. */
  readonly split: string | null
  readonly similarity: number
  /** Whether the texts are the same but for case and white space. */
  readonly same: boolean
}

export interface QueryLeaks {
  /** Queries of other splits, or of none, that were compared. */
  readonly compared: number
  /** Queries under test whose text (but for case and white space) is another split's too. */
  readonly same: number
  /** Queries under test of which another split has a near copy, and no same one. */
  readonly near: number
  readonly examples: readonly Leak[]
  /** Relevant documents under test that are relevant in other splits too. No fault in itself. */
  readonly sharedRelevant: number
  readonly relevant: number
}

export interface DocumentQueries {
  /** Documents whose text is a query's (but for case and white space), and those that are nearly one. */
  readonly same: number
  readonly near: number
  /** Of both, those that are judged relevant for the very query: the answer is the question. */
  readonly relevant: number
  /** Queries of which there is such a document. */
  readonly queries: number
  /** `[document, query]`. */
  readonly examples: readonly (readonly [string, string])[]
}

/** How a length is spread over texts: quantiles by nearest rank (the least value that this share of the texts does not exceed). */
export interface Distribution {
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly median: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface Share {
  readonly name: string
  readonly count: number
}

/** Shares in a sample, largest first. */
export interface LanguageMix {
  /** Texts looked at. */
  readonly sampled: number
  readonly of: number
  readonly modalities: readonly Share[]
  /** Of prose: English names of languages, `undetermined` where a text is too short or of too many kinds. */
  readonly languages: readonly Share[]
  /** Of prose: Unicode scripts that most letters belong to. */
  readonly scripts: readonly Share[]
  /** Of code. */
  readonly programming: readonly Share[]
}

/** Lengths of texts in words (between white space) and characters (UTF-16 code units); null without any text. */
export interface TextLengths {
  readonly words: Distribution | null
  readonly characters: Distribution | null
}

/** What lint finds in documents, queries and judgments without any model. */
export interface CollectionLint {
  readonly documents: number
  readonly queries: number
  /** Documents of the very same content (a retriever sees no difference). */
  readonly same: TextGroups
  /** The same but for case, white space and Unicode's compatibility forms. */
  readonly normal: TextGroups
  /** Among the texts that are different in normal form. */
  readonly near: {
    readonly groups: number
    /** Texts in groups of two or more. */
    readonly texts: number
    readonly largest: number
    readonly examples: readonly NearPair[]
    readonly threshold: number
    readonly shingle: number
  }
  readonly leaks: QueryLeaks
  readonly documentQueries: DocumentQueries
  readonly lengths: { readonly documents: TextLengths; readonly queries: TextLengths }
  readonly mix: { readonly documents: LanguageMix; readonly queries: LanguageMix }
}
