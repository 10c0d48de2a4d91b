import type { PairedComparison } from '../../measure/index.ts'

/** What a study of specialised siblings is asked; only questions whose models stand in it are. */
export const QUESTIONS = ['math', 'reasoning', 'code', 'vision', 'instruct', 'bm25'] as const

export type Question = (typeof QUESTIONS)[number]

/** What the documents or queries of a collection are, where it is known. */
export type ContentLabel = 'text' | 'code' | 'image'

/** Two siblings under one recipe, and why they are held against each other. */
export interface SpecialisedPair {
  /** Retrievers by their ids. */
  readonly specialised: string
  readonly against: string
  /** Their models by name; of trained retrievers the models that were trained. */
  readonly model: string
  readonly againstModel: string
  /**
   * `ancestor`: the nearest model of its line that stands in the study. `base`: the root of the line, where that is another. `counterpart`: the
   * family's instruct model, for one that was specialised and then tuned on instructions.
   */
  readonly relation: 'ancestor' | 'base' | 'counterpart'
  /** As ids of retrievers write recipes: `promptreps-layer_-3-sparse`. */
  readonly recipe: string
  /** How both were trained for retrieval; null: they were not. */
  readonly training: string | null
  readonly asks: readonly Question[]
  /** What else is not the same: a difference may come of this too. */
  readonly differs: readonly Difference[]
}

/** `prompts`: as they are sent, the system turn and the end-of-sequence token included. */
export type Difference = 'prompts' | 'lengths' | 'layer' | 'engine' | 'dtype'

/** A pair on a collection by a measure. Corrected over all pairs of one collection and measure. */
export interface SpecialisedRow extends SpecialisedPair, PairedComparison {
  readonly collection: string
  readonly measure: string
  /** Mean of `against`, and of `specialised`. */
  readonly before: number | null
  readonly after: number | null
  readonly pAdjusted: number
  readonly significant: boolean
}

/** Comparisons that a question asks for on one collection by one measure, by their outcome. */
export interface SpecialisationAnswer {
  readonly question: Question
  readonly collection: string
  readonly measure: string
  /** Whether the retrievers were trained for retrieval. */
  readonly trained: boolean
  /** Significantly better, significantly worse, and not significantly different. */
  readonly better: number
  readonly worse: number
  readonly open: number
}

/** How far siblings lie apart as they are, and trained. Intervals are not corrected for how many spreads there are. */
export interface SiblingSpread {
  readonly collection: string
  readonly measure: string
  /** Root of their line. */
  readonly base: string
  readonly models: readonly string[]
  readonly recipe: string
  readonly trainedRecipe: string
  readonly training: string
  /** Of the models as they are: one for all. */
  readonly engine: string
  readonly dtype: string
  readonly trainedEngine: string
  readonly trainedDtype: string
  readonly queries: number
  /** Largest less smallest mean. */
  readonly range: SpreadChange
  /** Standard deviation of the means, with n − 1. */
  readonly deviation: SpreadChange
}

/** `interval`: percentile bootstrap over queries of `after − before`, at the level 1 − alpha. */
export interface SpreadChange {
  readonly before: number
  readonly after: number
  readonly interval: readonly [number, number]
}

export interface SpecialisationResults {
  /** Collection → what it holds; null where nobody said. */
  readonly contents: Readonly<Record<string, ContentLabel | null>>
  readonly rows: readonly SpecialisedRow[]
  readonly answers: readonly SpecialisationAnswer[]
  readonly spreads: readonly SiblingSpread[]
}
