import { FieldtrialError } from '../../core/errors.ts'
import { quantile, type RandomWords, randomWords, standardDeviation } from '../../measure/index.ts'
import type { ComparisonSettings } from '../results.ts'
import type { SiblingSpread, SpreadChange } from './results.ts'

/** Query → value, of one model as it is and trained. */
export interface SiblingValues {
  readonly before: Readonly<Record<string, number>>
  readonly after: Readonly<Record<string, number>>
}

/** Apart from the streams of the tests over single differences. */
const STREAM = 3

/**
 * How far the means of siblings lie apart before and after training: largest less smallest, and standard deviation. The interval is a percentile
 * bootstrap: queries are drawn with replacement, the same ones for all models before and after (Efron and Tibshirani, "An introduction to the
 * bootstrap", 1993, chapter 13). Spreads of resampled means are larger than those seen where models are nearly level, so that it errs on the side
 * of not calling them levelled.
 *
 * @param siblings At least two.
 * @throws FieldtrialError `DATA_INVALID` where they were not measured over the same queries.
 */
export function spreadChange(
  siblings: readonly SiblingValues[],
  { resamples, seed, alpha }: Pick<ComparisonSettings, 'resamples' | 'seed' | 'alpha'>,
): Pick<SiblingSpread, 'queries' | 'range' | 'deviation'> {
  const queries = Object.keys(siblings[0]!.before)
  const columns = siblings.flatMap(({ before, after }) => [before, after])
  // Column by column, each value as its share of the mean.
  const values = columns.map((column) => {
    const size = Object.keys(column).length
    return Float64Array.from(queries, (query) => {
      const value = column[query]
      if (value === undefined || size !== queries.length)
        throw new FieldtrialError(
          'DATA_INVALID',
          `The spread of models needs the same queries for all; ${query} was measured for some only.`,
          { hint: 'Measure all over all judged queries (missing ones count 0).' },
        )
      return value / queries.length
    })
  })
  const drawn = new Uint16Array(queries.length).fill(1)
  const spreads = () => {
    const means = values.map((column) => weightedSum(column, drawn))
    const [before, after] = [0, 1].map((first) => means.filter((_, c) => c % 2 === first))
    return {
      range: [rangeOf(before!), rangeOf(after!)],
      deviation: [standardDeviation(before!), standardDeviation(after!)],
    } as const
  }
  const seen = spreads()

  const random = randomWords(seed, STREAM)
  const changes = { range: new Float64Array(resamples), deviation: new Float64Array(resamples) }
  for (let resample = 0; resample < resamples; resample++) {
    draw(drawn, random)
    const { range, deviation } = spreads()
    changes.range[resample] = range[1] - range[0]
    changes.deviation[resample] = deviation[1] - deviation[0]
  }
  const change = (kind: 'range' | 'deviation'): SpreadChange => {
    const sorted = changes[kind].sort()
    return {
      before: seen[kind][0],
      after: seen[kind][1],
      interval: [quantile(sorted, alpha / 2), quantile(sorted, 1 - alpha / 2)],
    }
  }
  return { queries: queries.length, range: change('range'), deviation: change('deviation') }
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
