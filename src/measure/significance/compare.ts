import { FieldtrialError } from '../../core/errors.ts'
import { bootstrap } from './bootstrap.ts'
import { cohensDz, meanOf } from './moments.ts'
import { DEFAULT_RESAMPLES, DEFAULT_SEED, randomisationTest } from './randomisation.ts'
import { signTest } from './sign-test.ts'
import { tTest } from './t-test.ts'
import { wilcoxon } from './wilcoxon.ts'

/** Tests of a paired comparison; the first is the default. */
export const TESTS = ['randomisation', 't-test', 'bootstrap', 'wilcoxon', 'sign'] as const

export type Test = (typeof TESTS)[number]

export interface PairedSettings {
  /** Default `randomisation`. */
  readonly test?: Test
  /** The interval's level is 1 − alpha. Default 0.05. */
  readonly alpha?: number
  /** Default 10,000. */
  readonly resamples?: number
  /** Default 42. */
  readonly seed?: number
}

/** What one measure says about two retrievers over the same queries. */
export interface PairedComparison {
  readonly queries: number
  /** Mean of (retriever − baseline). */
  readonly difference: number
  /** Percentile bootstrap interval of the difference at the level 1 − alpha. */
  readonly interval: readonly [number, number]
  /** Two-sided, not corrected; 1 when there is nothing to test (one query, or no difference at all). */
  readonly p: number
  /** Cohen's d_z; null when all differences are equal. */
  readonly effect: number | null
  readonly wins: number
  readonly losses: number
  readonly ties: number
}

/**
 * Compares two retrievers by their values of one measure (query → value, as in `Evaluation.perQuery`).
 *
 * @throws FieldtrialError `DATA_INVALID` when the two were not measured over the same queries, or over none, or a value
 * is no finite number
 */
export function comparePaired(
  baseline: ReadonlyMap<string, number>,
  retriever: ReadonlyMap<string, number>,
  settings: PairedSettings = {},
): PairedComparison {
  const differences = pairedDifferences(baseline, retriever)
  const resampling = { resamples: settings.resamples ?? DEFAULT_RESAMPLES, seed: settings.seed ?? DEFAULT_SEED }
  const resampled = bootstrap(differences, { ...resampling, alpha: settings.alpha ?? 0.05 })
  const { wins, losses, ties, p: sign } = signTest(differences)
  const test = settings.test ?? 'randomisation'
  const p = {
    randomisation: () => randomisationTest(differences, resampling).p,
    't-test': () => tTest(differences).p,
    bootstrap: () => resampled.p,
    wilcoxon: () => wilcoxon(differences).p,
    sign: () => sign,
  }[test]()
  return {
    queries: differences.length,
    difference: meanOf(differences),
    interval: resampled.interval,
    // One query, or no difference: the t-test has no answer, and nothing speaks against the two being alike.
    p: differences.length < 2 || wins + losses === 0 || Number.isNaN(p) ? 1 : p,
    effect: cohensDz(differences),
    wins,
    losses,
    ties,
  }
}

/** Retriever − baseline for each query. @throws as `comparePaired` */
export function pairedDifferences(
  baseline: ReadonlyMap<string, number>,
  retriever: ReadonlyMap<string, number>,
): Float64Array {
  const differences = new Float64Array(baseline.size)
  let i = 0
  for (const [query, value] of baseline) {
    const other = retriever.get(query)
    if (other === undefined || retriever.size !== baseline.size) throw notPaired(baseline, retriever)
    const difference = other - value
    if (!Number.isFinite(difference))
      throw new FieldtrialError(
        'DATA_INVALID',
        `The values of the query ${query} cannot be compared: ${value} and ${other}.`,
      )
    differences[i++] = difference
  }
  if (i === 0) throw new FieldtrialError('DATA_INVALID', 'There are no queries to compare over.')
  return differences
}

function notPaired(baseline: ReadonlyMap<string, number>, retriever: ReadonlyMap<string, number>): FieldtrialError {
  const absent =
    [...baseline.keys()].find((query) => !retriever.has(query)) ??
    [...retriever.keys()].find((query) => !baseline.has(query))
  return new FieldtrialError(
    'DATA_INVALID',
    `A paired comparison needs the same queries; ${absent} was measured for one retriever only.`,
    {
      hint: 'Measure both over all judged queries (missing ones count 0).',
    },
  )
}
