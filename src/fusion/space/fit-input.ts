import type { JointMoments } from './moments.ts'
import type { SpaceOptions } from './options.ts'
import { SAMPLE_SEED } from './sample.ts'

/** What a fused space is fitted from. */
export interface FitInput {
  readonly sizes: readonly number[]
  /** Numbers per fused vector. */
  readonly dimension: number
  /** Which members' vectors have length 1. */
  readonly unit: readonly boolean[]
  /** What the vectors of the others are divided by, so that members weigh alike: their usual length. */
  readonly divisors: readonly number[]
  /** Of the documents; null where nothing is fitted. */
  readonly moments: JointMoments | null
  readonly options: SpaceOptions
  readonly signal: AbortSignal | undefined
}

/** Variances below this share of the largest are rounding noise of float32 numbers. */
export const NO_VARIANCE = 1e-12

export const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`

/** Says so where not all documents were looked at. */
export function sampledNote({ documents, of }: JointMoments): string[] {
  return documents === of ? [] : [`Fitted on ${documents} of ${of} documents, drawn with seed ${SAMPLE_SEED}.`]
}
