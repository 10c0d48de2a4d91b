import type { Comparability } from '../data/published/compare.ts'
import type { PublishedSource, SystemKind } from '../data/published/types.ts'

/** A published figure beside a study's collection. It takes no part in any ranking or test. */
export interface PublishedRow extends Comparability {
  /** The study's own name of the collection. */
  readonly collection: string
  /** The registry id under which the figure is filed. */
  readonly dataset: string
  readonly system: string
  readonly kind: SystemKind
  readonly measure: string
  readonly value: number
  /** Decimals that its source prints. */
  readonly decimals: number
  readonly source: PublishedSource
  readonly note?: string
}
