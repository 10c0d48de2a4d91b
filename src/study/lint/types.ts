import type { CollectionLint, Distribution } from '../../data/lint/types.ts'
import type { Finding } from '../../data/types.ts'
import type { Ceiling, Twins } from '../../measure/ceiling/types.ts'

/** Tokens of a sample of texts under one encoder's prompts, nothing cut off. */
export interface SideTokens {
  readonly sampled: number
  readonly of: number
  readonly tokens: Distribution | null
  /** Tokens kept of a text, or of the whole prompt, as the recipe counts. */
  readonly maxLength: number
  /** Texts of the sample that are cut at the maximum length. */
  readonly truncated: number
}

export interface TokenLengths {
  /** The retriever's id, or the model as it was named. */
  readonly encoder: string
  /** Null where a server tokenises: its tokens cannot be counted here. */
  readonly documents: SideTokens | null
  readonly queries: SideTokens | null
}

/** A document that nobody judged for a query, and that several retrievers put near the top. */
export interface Suspect {
  readonly query: string
  readonly document: string
  /** Retriever → rank from 1; null where it is not among the first. */
  readonly ranks: Readonly<Record<string, number | null>>
  /** Whether it stands above every relevant document in each retriever that has it. */
  readonly aboveRelevant: boolean
}

/** Suspected false negatives: an estimate of what the judgments miss, never a fact. */
export interface Suspects {
  readonly retrievers: readonly string[]
  /** Ranks looked at, and retrievers that must agree. */
  readonly depth: number
  readonly agree: number
  /** Query–document pairs, how many of them above every relevant document, and on how many of the judged queries. */
  readonly pairs: number
  readonly above: number
  readonly queries: number
  readonly judgedQueries: number
  /** Retriever → mean share of its first 10 documents that have a judgment: where it is low, the retriever found what nobody looked at. */
  readonly judged: Readonly<Record<string, number>>
  /** The most suspicious first, by the sum of reciprocal ranks. */
  readonly examples: readonly Suspect[]
}

/** All that lint says about a collection. */
export interface LintReport {
  readonly lint: CollectionLint
  /** Of the measures for which it can be worked out. */
  readonly ceilings: readonly Ceiling[]
  readonly twins: Twins
  readonly tokens: readonly TokenLengths[]
  /** Null where there are fewer than two retrievers to compare. */
  readonly suspects: Suspects | null
  /** In words, warnings first; what `summarise` found is not among them. */
  readonly findings: readonly Finding[]
}
