import { meanOf } from './moments.ts'
import { randomWords } from './random.ts'
import { DEFAULT_RESAMPLES, DEFAULT_SEED, type ResamplingOptions } from './randomisation.ts'

export interface Bootstrap {
  /** Percentile interval of the mean difference at the level 1 − alpha. */
  readonly interval: readonly [number, number]
  /** Two-sided: share of resamples of the centred differences whose mean is at least as far from zero as the one seen. */
  readonly p: number
  readonly resamples: number
}

/**
 * Paired bootstrap over the queries: the interval is the percentiles of the resampled means (interpolated linearly, as
 * numpy does); p is (count + 1) / (resamples + 1) under the null hypothesis of mean zero. Efron and Tibshirani, "An
 * introduction to the bootstrap" (1993), chapters 13 and 16.
 *
 * @param alpha one minus the level of the interval; default 0.05
 */
export function bootstrap(
  differences: ArrayLike<number>,
  options: ResamplingOptions & { alpha?: number } = {},
): Bootstrap {
  const resamples = options.resamples ?? DEFAULT_RESAMPLES
  const alpha = options.alpha ?? 0.05
  const n = differences.length
  if (n === 0) return { interval: [Number.NaN, Number.NaN], p: 1, resamples }
  const values = Float64Array.from(differences)
  const random = randomWords(options.seed ?? DEFAULT_SEED, 2)
  const scale = n / 2 ** 32
  const means = new Float64Array(resamples)
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += values[Math.floor((random.next() >>> 0) * scale)]!
    means[resample] = sum / n
  }
  const mean = meanOf(values)
  const seen = Math.abs(mean) - 1e-14
  let extreme = 0
  for (const resampled of means) if (Math.abs(resampled - mean) >= seen) extreme++
  means.sort()
  return {
    interval: [quantile(means, alpha / 2), quantile(means, 1 - alpha / 2)],
    p: (extreme + 1) / (resamples + 1),
    resamples,
  }
}

/** Quantile of ascending values, interpolated linearly between neighbours. */
export function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (high - low) * (at - below)
}
