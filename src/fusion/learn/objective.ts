import type { Ranking } from '../../data/types.ts'

/** What fusions are learned for: a measure over queries whose judgments are known. */
export interface Objective {
  /** What a ranking is worth for a query, e.g. its nDCG@10. Asked of queries that are learned from, and of no others. */
  readonly gain: (query: string, ranking: Ranking) => number
  /** How many documents the measure looks at; null: all. */
  readonly cutoff: number | null
}
