/** A point of a curve. */
export interface Point {
  readonly step: number
  readonly value: number
}

/** What is drawn of a training: at most so many points each. */
export interface Curves {
  /** Means over neighbouring steps. */
  readonly loss: readonly Point[]
  readonly lr: readonly Point[]
  readonly gradNorm: readonly Point[]
  readonly tokensPerSecond: readonly Point[]
  /** Share of queries whose positive scores highest in its batch. */
  readonly accuracy: readonly Point[]
  readonly score: readonly (Point & { readonly best: boolean })[]
}

/** What the page of a training shows; plain data, which the browser's side reads without anything of the rest. */
export interface TrainingPage {
  readonly name: string
  readonly description: string
  readonly outcome: readonly string[]
  readonly warnings: readonly string[]
  /** The measure that was watched, and on what; null for nothing. */
  readonly watched: { readonly measure: string; readonly sentence: string } | null
  readonly curves: Curves
  readonly sources: readonly {
    readonly source: string
    readonly split: string | null
    readonly examples: number
    readonly negatives: string
    readonly cutQueries: number
    readonly missing: number
  }[]
  readonly settings: readonly (readonly [string, string])[]
  /** Machine, time and version. */
  readonly made: string
  readonly fingerprint: string
}
