import type { BiasSpread, MeasureBias, RankingKept, RetrieverBias, SampleBias } from '../../data/sample-card.ts'
import { adjust, kendallTau, meanOf, pairedDifferences, standardDeviation, tTest } from '../../measure/index.ts'
import { extrapolate, type SizePoint } from './extrapolate.ts'

type PerQuery = ReadonlyMap<string, number>

/** A retriever's values of one measure on the sample, and what is known of the whole. */
export interface MeasuredRetriever {
  readonly id: string
  /** Query → value. */
  readonly sample: PerQuery
  /** On the whole collection: values by query, or means on nested samples that are to be extrapolated. */
  readonly whole: PerQuery | readonly SizePoint[]
  /** Queries whose run, cut down to the sample, is shorter than the measure looks. */
  readonly short: number
}

const ALPHA = 0.05

/**
 * What a sample does to scores and to the order of retrievers.
 *
 * @param measures Measure → retrievers, all over the same queries.
 * @param documents Of the whole collection.
 */
export function sampleBias(
  measures: ReadonlyMap<string, readonly MeasuredRetriever[]>,
  queries: number,
  documents: number,
): SampleBias {
  return {
    queries,
    measures: Object.fromEntries([...measures].map(([name, measured]) => [name, measureBias(measured, documents)])),
  }
}

function measureBias(measured: readonly MeasuredRetriever[], documents: number): MeasureBias {
  const estimates = extrapolate(
    measured.flatMap(({ whole }) => (isPoints(whole) ? [whole] : [])),
    documents,
  )
  let next = 0
  const retrievers = measured.map((one) => retrieverBias(one, isPoints(one.whole) ? estimates[next++]! : null))
  return { retrievers, ranking: rankingKept(retrievers, measured) }
}

/** @param estimate Of the score on the whole, where there are points only. */
function retrieverBias({ id, sample, whole, short }: MeasuredRetriever, estimate: number | null): RetrieverBias {
  const here = meanOf([...sample.values()])
  if (isPoints(whole) && estimate !== null) {
    const points = whole.map((point) => ({ ...point }))
    return { id, how: 'estimated', whole: estimate, sample: here, bias: here - estimate, spread: null, points, short }
  }
  const values = whole as PerQuery
  const there = meanOf([...values.values()])
  const spread = spreadOf(pairedDifferences(values, sample))
  return { id, how: 'measured', whole: there, sample: here, bias: here - there, spread, points: null, short }
}

function isPoints(whole: MeasuredRetriever['whole']): whole is readonly SizePoint[] {
  return Array.isArray(whole)
}

function spreadOf(differences: Float64Array): BiasSpread {
  const sorted = differences.toSorted()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return {
    sd: differences.length < 2 ? 0 : standardDeviation(differences),
    p5: at(0.05),
    p95: at(0.95),
    changed: differences.filter((difference) => difference !== 0).length / differences.length,
  }
}

/** Every pair of retrievers is looked at: there are tens of them at most. */
function rankingKept(retrievers: readonly RetrieverBias[], measured: readonly MeasuredRetriever[]): RankingKept {
  const pairs: { a: number; b: number; whole: number; sample: number }[] = []
  for (let a = 0; a < retrievers.length; a++)
    for (let b = a + 1; b < retrievers.length; b++) {
      const difference = (of: 'whole' | 'sample') => rounded(retrievers[a]![of] - retrievers[b]![of])
      pairs.push({ a, b, whole: difference('whole'), sample: difference('sample') })
    }
  const swapped = pairs.filter(({ whole, sample }) => whole * sample < 0)
  const worst = swapped.toSorted((one, other) => Math.abs(other.whole) - Math.abs(one.whole))[0]
  return {
    tau: kendallTau(
      retrievers.map(({ whole }) => rounded(whole)),
      retrievers.map(({ sample }) => rounded(sample)),
    ),
    pairs: pairs.length,
    swapped: swapped.length,
    largest: worst === undefined ? null : swapOf(retrievers, worst),
    significant: significantPairs(measured, pairs),
  }
}

/** Sums of equal values in another order must not look like a difference. */
function rounded(value: number): number {
  return Math.round(value * 1e12) / 1e12
}

function swapOf(
  retrievers: readonly RetrieverBias[],
  { a, b, whole, sample }: { a: number; b: number; whole: number; sample: number },
): NonNullable<RankingKept['largest']> {
  const [better, worse] = whole > 0 ? [a, b] : [b, a]
  return {
    better: retrievers[better]!.id,
    worse: retrievers[worse]!.id,
    whole: Math.abs(whole),
    sample: whole > 0 ? sample : -sample,
  }
}

/** Swaps of pairs that the whole collection itself cannot tell apart are noise; these are the others. */
function significantPairs(
  measured: readonly MeasuredRetriever[],
  pairs: readonly { a: number; b: number; whole: number; sample: number }[],
): RankingKept['significant'] {
  const wholes = measured.map(({ whole }) => whole)
  if (!wholes.every((whole): whole is PerQuery => !isPoints(whole))) return null
  const p = adjust(
    pairs.map(({ a, b }) => {
      const { p } = tTest(pairedDifferences(wholes[b]!, wholes[a]!))
      // No test where nothing differs, or over one query.
      return Number.isNaN(p) ? 1 : p
    }),
    'holm',
  )
  const significant = pairs.filter((_, i) => p[i]! < ALPHA)
  return { pairs: significant.length, kept: significant.filter(({ whole, sample }) => whole * sample > 0).length }
}
