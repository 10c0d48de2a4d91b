import { FieldtrialError } from '../../core/errors.ts'
import { quantile, type RandomWords, randomWords, standardDeviation } from '../../measure/index.ts'
import type { ComparisonSettings } from '../results.ts'
import type { SiblingSpread, SpreadChange } from './results.ts'

/** Query → value, of one retriever. */
export type Values = Readonly<Record<string, number>>

/** Means of one retriever: over the queries as they are, then over each resample. */
export type Means = Float64Array

/** Apart from the streams of the tests over single differences. */
const STREAM = 3

/**
 * Means over queries that are drawn with replacement, the same ones for all retrievers (Efron and Tibshirani, "An introduction to the bootstrap",
 * 1993, chapter 13). All of a collection and measure at once: a retriever stands in several spreads.
 *
 * @returns For each retriever `resamples` + 1 means, that of the queries as they are first.
 * @throws FieldtrialError `DATA_INVALID` where they were not measured over the same queries.
 */
export function resampledMeans(
  retrievers: readonly Values[],
  { resamples, seed }: Pick<ComparisonSettings, 'resamples' | 'seed'>,
): Means[] {
  const queries = Object.keys(retrievers[0] ?? {})
  // Retriever by retriever, each value as its share of the mean.
  const shares = retrievers.map((values) => {
    const size = Object.keys(values).length
    return Float64Array.from(queries, (query) => {
      const value = values[query]
      if (value === undefined || size !== queries.length)
        throw new FieldtrialError(
          'DATA_INVALID',
          `The spread of models needs the same queries for all; ${query} was measured for some only.`,
          { hint: 'Measure all over all judged queries (missing ones count 0).' },
        )
      return value / queries.length
    })
  })
  const means = retrievers.map(() => new Float64Array(resamples + 1))
  const drawn = new Uint16Array(queries.length).fill(1)
  const random = randomWords(seed, STREAM)
  for (let resample = 0; resample <= resamples; resample++) {
    if (resample > 0) draw(drawn, random)
    for (const [i, column] of shares.entries()) means[i]![resample] = weightedSum(column, drawn)
  }
  return means
}

/**
 * How far the means of siblings lie apart before and after training: largest less smallest, and standard deviation, with a percentile interval of the
 * change. Spreads of resampled means are larger than those seen where models are nearly level, so that it errs on the side of not calling them
 * levelled.
 *
 * @param siblings At least two, as `resampledMeans` gives them.
 */
export function spreadChange(
  siblings: readonly { readonly before: Means; readonly after: Means }[],
  alpha: number,
): Pick<SiblingSpread, 'range' | 'deviation'> {
  const change = (spreadOf: (means: readonly number[]) => number): SpreadChange => {
    const at = (resample: number) => ({
      before: spreadOf(siblings.map(({ before }) => before[resample]!)),
      after: spreadOf(siblings.map(({ after }) => after[resample]!)),
    })
    const changes = Float64Array.from({ length: siblings[0]!.before.length - 1 }, (_, i) => {
      const { before, after } = at(i + 1)
      return after - before
    }).sort()
    return { ...at(0), interval: [quantile(changes, alpha / 2), quantile(changes, 1 - alpha / 2)] }
  }
  return { range: change(rangeOf), deviation: change(standardDeviation) }
}

/** How often each query is drawn, in as many draws as there are queries. */
function draw(drawn: Uint16Array, random: RandomWords): void {
  drawn.fill(0)
  const scale = drawn.length / 2 ** 32
  for (let i = 0; i < drawn.length; i++) drawn[Math.floor((random.next() >>> 0) * scale)]!++
}

function weightedSum(values: Float64Array, weights: Uint16Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * weights[i]!
  return sum
}

const rangeOf = (values: readonly number[]) => Math.max(...values) - Math.min(...values)
