import type { DomainShares, Gap, TopScores } from '../../measure/domains/index.ts'
import type { PairedComparison } from '../../measure/index.ts'

/** One of the collections that a unified one was joined out of. */
export interface CollectionDomain {
  readonly name: string
  /** As the user named it. */
  readonly source: string
  readonly split: string
  readonly documents: number
  readonly queries: number
  readonly judgments: number
  /** Documents that are images without text. */
  readonly imageDocuments: number
}

/** One retriever on a unified collection, domain by domain. */
export interface DomainResult {
  readonly retriever: string
  readonly collection: string
  /** Measure → mean over the domains' means, each domain counting as much as any other. */
  readonly macro: Readonly<Record<string, number | null>>
  /** Mean over all queries that found something: share of their first documents from another domain. Null if none did. */
  readonly wrong: number | null
  readonly domains: readonly DomainFigures[]
  /** Of retrievers with vectors. */
  readonly gaps: DomainGaps | null
}

/** The queries of one domain. */
export interface DomainFigures {
  readonly domain: string
  readonly queries: number
  /** Documents of the domain that the retriever cannot read: images, for one that reads text. */
  readonly unseen: number
  /** Measure → mean over the domain's queries, ranked among the documents of all domains. */
  readonly mean: Readonly<Record<string, number | null>>
  /**
   * Measure → the same with the documents of other domains taken out of the rankings: what the retriever would reach if it were told the
   * domain. Too low where a run is cut before its own domain's documents.
   */
  readonly within: Readonly<Record<string, number | null>>
  readonly shares: DomainShares | null
  readonly scores: TopScores | null
  /** Against the best retriever here that is no fusion, by the first measure; null for that one itself. */
  readonly againstBest: AgainstBest | null
}

export interface AgainstBest extends PairedComparison {
  readonly measure: string
  readonly best: string
  /** Corrected over the retrievers of one domain. */
  readonly pAdjusted: number
  readonly significant: boolean
}

/** Where groups of vectors lie, over a sample of each. */
export interface DomainGaps {
  /** Documents of two domains. */
  readonly domains: readonly { readonly one: string; readonly other: string; readonly gap: Gap | null }[]
  /** Documents that are images, and documents that have text; null where there are not both. */
  readonly modalities: Gap | null
  /** Each domain's queries, and its documents. */
  readonly sides: readonly { readonly domain: string; readonly gap: Gap | null }[]
}

/** Ranks that count for the shares of domains. */
export const SHARE_DEPTH = 10
