import { randomWords } from './random.ts'

export interface ResamplingOptions {
  /** Default 10,000. */
  readonly resamples?: number
  /** A whole number; equal seeds give equal results. Default 42. */
  readonly seed?: number
}

export const DEFAULT_RESAMPLES = 10_000
export const DEFAULT_SEED = 42

export interface Randomisation {
  /** Two-sided. */
  readonly p: number
  /** All assignments of signs were counted, not a sample of them. */
  readonly exact: boolean
  readonly resamples: number
}

/** Up to this many non-zero differences all 2^n assignments are counted. */
const EXACT_LIMIT = 14
/** Sums that differ by less than this per difference differ by rounding only. */
const TOLERANCE = 1e-14
const GROUP = 8

/**
 * Paired randomisation test: if the two retrievers were alike, each query's difference could as well have the other
 * sign; p is the share of sign assignments whose mean is at least as far from zero as the one seen. Sampled, it is
 * (count + 1) / (resamples + 1), which never is 0 (Phipson and Smyth 2010); exact up to 14 non-zero differences.
 * Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation",
 * CIKM 2007.
 */
export function randomisationTest(differences: ArrayLike<number>, options: ResamplingOptions = {}): Randomisation {
  const resamples = options.resamples ?? DEFAULT_RESAMPLES
  const values = Float64Array.from(differences).filter((d) => d !== 0)
  const seen = Math.abs(values.reduce((sum, d) => sum + d, 0)) - TOLERANCE * differences.length
  if (values.length <= EXACT_LIMIT) return exact(values, seen)
  const tables = groupSums(values)
  const groups = tables.length >>> GROUP
  const random = randomWords(options.seed ?? DEFAULT_SEED, 1)
  let extreme = 0
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0
    let word = 0
    for (let group = 0; group < groups; group++) {
      word = (group & 3) === 0 ? random.next() : word >>> GROUP
      sum += tables[(group << GROUP) | (word & 0xff)]!
    }
    if (Math.abs(sum) >= seen) extreme++
  }
  return { p: (extreme + 1) / (resamples + 1), exact: false, resamples }
}

/** For each eight differences, their sum under each of the 256 assignments of signs: one look-up then does for eight. */
function groupSums(values: Float64Array): Float64Array {
  const groups = Math.ceil(values.length / GROUP)
  const tables = new Float64Array(groups << GROUP)
  for (let group = 0; group < groups; group++)
    for (let signs = 0; signs < 1 << GROUP; signs++) {
      let sum = 0
      for (let bit = 0; bit < GROUP; bit++) {
        const value = values[group * GROUP + bit] ?? 0
        sum += (signs >>> bit) & 1 ? value : -value
      }
      tables[(group << GROUP) | signs] = sum
    }
  return tables
}

function exact(values: Float64Array, seen: number): Randomisation {
  const assignments = 2 ** values.length
  let extreme = 0
  for (let signs = 0; signs < assignments; signs++) {
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += (signs >>> i) & 1 ? values[i]! : -values[i]!
    if (Math.abs(sum) >= seen) extreme++
  }
  return { p: extreme / assignments, exact: true, resamples: assignments }
}
