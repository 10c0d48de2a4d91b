/** Each p times their number. Holds the chance of any false finding. */
export function bonferroni(p: readonly number[]): number[] {
  return p.map((value) => Math.min(1, value * p.length))
}
