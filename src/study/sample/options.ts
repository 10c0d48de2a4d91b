import { FieldtrialError } from '../../core/errors.ts'
import type { DenseSpec } from '../study.ts'

/** How large a sample is, and what it is made of. */
export interface SampleSize {
  /** Documents in all: judged, hard and random ones. Either this or `share`. */
  readonly documents?: number
  /** The same as a share of the whole, above 0 and below 1. */
  readonly share?: number
  /** Queries kept of each split. Default: all. */
  readonly queries?: number
  /**
   * Hard distractors: the first so many documents of every retriever for every kept query. Fewer where there is no room for them; 0 for
   * none. Default: 100.
   */
  readonly hard?: number
  /** Of the choice of queries and random documents. Default: 1. */
  readonly seed?: number
}

/**
 * How the bias is found: `whole` runs the panel of retrievers over the whole collection; `estimate` extrapolates BM25's scores from
 * samples of two and four times the size; `auto` is `whole` up to a million documents; `none` leaves it open.
 */
export const BIAS_MODES = ['auto', 'whole', 'estimate', 'none'] as const
export type BiasMode = (typeof BIAS_MODES)[number]

export interface SampleOptions extends SampleSize {
  /** Splits whose queries, judgments and judged documents are kept beside those of the collection's own. */
  readonly splits?: readonly string[]
  /** Dense retrievers that give hard distractors as BM25 does. */
  readonly models?: readonly DenseSpec[]
  /** TREC runs over the whole collection that do the same. */
  readonly runs?: readonly string[]
  /** Default: `auto`. */
  readonly bias?: BiasMode
}

export interface ResolvedSize {
  readonly documents: number | null
  readonly share: number | null
  readonly queries: number | null
  readonly hard: number
  readonly seed: number
}

const DEFAULT_HARD = 100
const DEFAULT_SEED = 1

/**
 * Fills in the defaults.
 *
 * @throws FieldtrialError `USAGE` for neither or both of documents and share, and for numbers out of range.
 */
export function resolveSize({ documents, share, queries, hard, seed }: SampleSize): ResolvedSize {
  const refuse = (message: string, hint: string, field: string) => {
    throw new FieldtrialError('USAGE', message, { hint, where: { field } })
  }
  const whole = (name: string, value: number | undefined, least: number) => {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least))
      refuse(`${name} is ${value}.`, `Give a whole number from ${least}.`, name)
  }
  if ((documents === undefined) === (share === undefined))
    refuse(
      documents === undefined ? 'The size of the sample is not given.' : 'The size of the sample is given twice.',
      'Give either the number of documents or their share of the whole.',
      'documents',
    )
  whole('documents', documents, 1)
  whole('queries', queries, 1)
  whole('hard', hard, 0)
  whole('seed', seed, 0)
  if (share !== undefined && !(share > 0 && share < 1))
    refuse(`share is ${share}.`, 'Give a number above 0 and below 1, for example 0.25.', 'share')
  return {
    documents: documents ?? null,
    share: share ?? null,
    queries: queries ?? null,
    hard: hard ?? DEFAULT_HARD,
    seed: seed ?? DEFAULT_SEED,
  }
}
