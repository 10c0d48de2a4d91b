/** What was learned for one part of the queries, and how well it did there. */
export interface LearnedPart {
  /** Judged queries learned from, and queries ranked by it. */
  readonly train: number
  readonly ranked: number
  /** Mean of the measure over the queries learned from: too high by what was learned by heart. */
  readonly trainValue: number
  /** Over those ranked; null where the study does not measure by it. */
  readonly rankedValue: number | null
  /** One per member, summing to 1; null for a route. */
  readonly weights: readonly number[] | null
  /** Null where weights were learned. */
  readonly route: {
    readonly strength: string
    /** Weights of the members per choice, and how many of the ranked queries went to each. */
    readonly choices: readonly (readonly number[])[]
    readonly chosen: readonly number[]
    /** Mean over the queries learned from: of the choice that is best on average, and of the best choice for each query. */
    readonly constantValue: number
    readonly oracleValue: number
  } | null
}

/** What a fusion learned: a part per fold, or one part for another split. */
export interface LearnedDetail {
  readonly measure: string
  readonly parts: readonly LearnedPart[]
  /** Queries of the other split that were left out because they are under test as well. */
  readonly shared: number
}

/** What a retriever's run costs by itself; a fusion adds up those of its members, each once. */
export interface CostPart {
  readonly indexSeconds: number
  readonly searchSeconds: number
  readonly msPerQuery: number
  readonly indexBytes: number
}

/** What is remembered of a fusion beside its run. */
export interface FusionDetail {
  readonly learned: LearnedDetail | null
  /** Fingerprint of a run → its cost: all that this fusion is made of, itself included. */
  readonly parts: Readonly<Record<string, CostPart>>
}
