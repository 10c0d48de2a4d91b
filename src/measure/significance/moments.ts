/** Mean of the differences; NaN without any. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Standard deviation with n − 1; NaN below two values. */
export function standardDeviation(values: ArrayLike<number>, mean = meanOf(values)): number {
  if (values.length < 2) return Number.NaN
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2
  return Math.sqrt(sum / (values.length - 1))
}

/**
 * Cohen's d_z: mean difference over the standard deviation of the differences (Cohen 1988; Lakens 2013).
 *
 * @returns null when all differences are equal (but for rounding) or there are fewer than two: no spread to compare with.
 */
export function cohensDz(differences: ArrayLike<number>): number | null {
  const mean = meanOf(differences)
  const sd = standardDeviation(differences, mean)
  let largest = 0
  for (let i = 0; i < differences.length; i++) largest = Math.max(largest, Math.abs(differences[i]!))
  return sd > 1e-12 * largest ? mean / sd : null
}
