import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { type AnalyzerSpec, createAnalyzer } from '../text/index.ts'

/** Ways to score that {@link Bm25Options} knows; the formulas are in `similarity.ts`. */
export const BM25_VARIANTS = ['lucene', 'robertson', 'atire', 'bm25l', 'bm25+'] as const
export type Bm25Variant = (typeof BM25_VARIANTS)[number]

/** How an index is made and scores. All of it enters the index's identity. */
export interface Bm25Options {
  /** Default: `lucene`. */
  readonly variant?: Bm25Variant
  /** How soon further occurrences of a term count little, from 0 to 1,000. Default: 0.9, Anserini's. */
  readonly k1?: number
  /** How much a document's length counts, from 0 (nothing) to 1. Default: 0.4, Anserini's. */
  readonly b?: number
  /** What an occurrence is worth at least, for `bm25l` and `bm25+` only, from 0 to 1,000. Default: 0.5 and 1. */
  readonly delta?: number
  /** Default: `lucene-english`. */
  readonly analyzer?: AnalyzerSpec
  /**
   * `false`: title and text are one field, as in Anserini's flat BEIR indexes. `true`: they are two fields with
   * statistics of their own, and a document's score is the weighted sum, as in its multifield ones. Default: `false`.
   */
  readonly multifield?: boolean
  /** Weights of the two fields of a multifield index, from 0 to 1,000. Default: 1 each. */
  readonly weights?: { readonly title?: number; readonly contents?: number }
}

/** Options with all defaults filled in. */
export interface ResolvedBm25Options {
  readonly variant: Bm25Variant
  readonly k1: number
  readonly b: number
  /** 0 where the variant has none. */
  readonly delta: number
  readonly analyzer: AnalyzerSpec
  readonly multifield: boolean
  readonly weights: { readonly title: number; readonly contents: number }
}

/** Far beyond all use; keeps scores within what float32 can hold. */
const LARGEST = 1000

function number(name: string, value: number, highest: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= highest))
    throw new FieldtrialError('USAGE', `BM25 cannot work with ${name}=${value}.`, {
      hint: `Give a number from 0 to ${highest}.`,
      where: { field: name },
    })
  return value
}

/**
 * Fills in the defaults.
 *
 * @throws FieldtrialError `USAGE` for an unknown variant, a number out of range, an option that has no effect.
 */
export function resolveBm25Options(given: Bm25Options = {}): ResolvedBm25Options {
  const variant = given.variant ?? 'lucene'
  if (!BM25_VARIANTS.includes(variant))
    throw new FieldtrialError('USAGE', `There is no BM25 variant "${variant}".`, {
      hint: `Use one of ${BM25_VARIANTS.join(', ')}.`,
      where: { field: 'variant' },
    })
  const hasDelta = variant === 'bm25l' || variant === 'bm25+'
  if (given.delta !== undefined && !hasDelta)
    throw new FieldtrialError('USAGE', `The BM25 variant "${variant}" has no delta.`, {
      hint: 'Leave delta out, or use the variant bm25l or bm25+.',
      where: { field: 'delta' },
    })
  const multifield = given.multifield ?? false
  if (given.weights !== undefined && !multifield)
    throw new FieldtrialError('USAGE', 'Weights of fields have no effect on a flat index.', {
      hint: 'Leave weights out, or set multifield: true.',
      where: { field: 'weights' },
    })
  return {
    variant,
    k1: number('k1', given.k1 ?? 0.9, LARGEST),
    b: number('b', given.b ?? 0.4, 1),
    delta: hasDelta ? number('delta', given.delta ?? (variant === 'bm25l' ? 0.5 : 1), LARGEST) : 0,
    analyzer: given.analyzer ?? 'lucene-english',
    multifield,
    weights: {
      title: number('weights.title', given.weights?.title ?? 1, LARGEST),
      contents: number('weights.contents', given.weights?.contents ?? 1, LARGEST),
    },
  }
}

/** Raised when the same options over the same documents give other scores than before. */
const BM25_VERSION = 1

/** Everything besides the documents that decides an index's scores; for fingerprints. */
export function bm25Identity(options: Bm25Options = {}): Json {
  const { analyzer, weights, ...rest } = resolveBm25Options(options)
  return {
    kind: 'bm25',
    version: BM25_VERSION,
    ...rest,
    analyzer: createAnalyzer(analyzer).identity,
    ...(rest.multifield ? { weights } : {}),
  }
}

/** Resolved options as a caller may give them: without those that have no effect. */
export function givenOptions({ delta, weights, ...rest }: ResolvedBm25Options): Bm25Options {
  const hasDelta = rest.variant === 'bm25l' || rest.variant === 'bm25+'
  return { ...rest, ...(hasDelta ? { delta } : {}), ...(rest.multifield ? { weights } : {}) }
}
