import { meanOf } from '../../measure/index.ts'
import { randomWords } from '../../measure/significance/random.ts'
import { drawOrder } from './content.ts'

/** What came of one query when positives were hidden, summed over the rounds. */
export interface HiddenOutcome {
  /** Negatives mined. */
  readonly mined: number
  /** Those of them that are hidden positives. */
  readonly wrong: number
  /** Hidden positives within the window of a retriever. */
  readonly within: number
}

/** How many mined negatives are relevant in truth, measured on judged positives that were kept from the miner. */
export interface FalseNegatives {
  /** Queries with two positives or more that it was measured on. */
  readonly queries: number
  readonly rounds: number
  /** Mean share of a query's positives that was hidden: half of them, rounded down. */
  readonly hidden: number
  readonly mined: number
  readonly wrong: number
  /** wrong / mined: the share of false negatives if so many relevant documents were unjudged. */
  readonly rate: number
  /** 95 % interval by bootstrap over queries; where nothing was wrong, up to 3 in as many negatives as one round mined (rule of three). */
  readonly interval: readonly [number, number]
  /** Share of the hidden positives within the window that became negatives: what rules and filter let through. */
  readonly passed: number | null
}

const RESAMPLES = 2000

/** Times that another half of the positives is hidden; a filter is too slow for more than one. */
export function roundsOf(filtered: boolean): number {
  return filtered ? 1 : 5
}

/** The half (rounded down) of a query's positives that one round hides; at least one is left. */
export function hiddenHalf(seed: number, round: number, query: string, positives: readonly string[]): Set<string> {
  const order = new Map(positives.map((id) => [id, drawOrder(seed, `${round}\n${query}`, id)]))
  const drawn = [...positives].sort((a, b) => order.get(a)! - order.get(b)!)
  return new Set(drawn.slice(0, Math.floor(drawn.length / 2)))
}

/**
 * The rate over all queries, with its interval (percentile bootstrap over queries, since the negatives of one query are alike).
 *
 * @returns Null where no query has two positives, or nothing was mined.
 */
export function falseNegatives(
  outcomes: readonly HiddenOutcome[],
  shares: readonly number[],
  rounds: number,
  seed: number,
): FalseNegatives | null {
  const sum = (value: (outcome: HiddenOutcome) => number) => outcomes.reduce((total, o) => total + value(o), 0)
  const mined = sum((o) => o.mined)
  if (mined === 0) return null
  const wrong = sum((o) => o.wrong)
  const within = sum((o) => o.within)
  const words = randomWords(seed)
  const rates = new Float64Array(RESAMPLES)
  for (let i = 0; i < RESAMPLES; i++) {
    let [a, b] = [0, 0]
    for (let n = 0; n < outcomes.length; n++) {
      const outcome = outcomes[Math.floor(((words.next() >>> 0) / 2 ** 32) * outcomes.length)]!
      a += outcome.wrong
      b += outcome.mined
    }
    rates[i] = b === 0 ? 0 : a / b
  }
  rates.sort()
  return {
    queries: outcomes.length,
    rounds,
    hidden: meanOf(shares),
    mined,
    wrong,
    rate: wrong / mined,
    interval:
      wrong === 0
        ? [0, Math.min(1, (3 * rounds) / mined)]
        : [rates[Math.floor(0.025 * RESAMPLES)]!, rates[Math.ceil(0.975 * RESAMPLES) - 1]!],
    passed: within === 0 ? null : wrong / within,
  }
}
