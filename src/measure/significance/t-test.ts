import { studentQuantile, studentTwoSided } from './distributions.ts'
import { meanOf, standardDeviation } from './moments.ts'

export interface TTest {
  /** NaN below two differences, or when all are zero; infinite when all are equal but not zero. */
  readonly t: number
  readonly df: number
  /** Two-sided. */
  readonly p: number
  readonly mean: number
  /** Confidence interval of the mean difference at the level 1 − alpha. */
  readonly interval: readonly [number, number]
}

/** Student's paired t-test on the differences, as scipy's `ttest_rel`. */
export function tTest(differences: ArrayLike<number>, alpha = 0.05): TTest {
  const n = differences.length
  const mean = meanOf(differences)
  const error = standardDeviation(differences, mean) / Math.sqrt(n)
  const t = mean / error
  const margin = n < 2 ? Number.NaN : studentQuantile(1 - alpha / 2, n - 1) * error
  return { t, df: n - 1, p: studentTwoSided(t, n - 1), mean, interval: [mean - margin, mean + margin] }
}
