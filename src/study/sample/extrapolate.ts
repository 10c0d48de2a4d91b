/** A score on a sample of so many documents. */
export interface SizePoint {
  readonly documents: number
  readonly value: number
}

/**
 * Scores on a larger collection out of those on nested samples of n, 2n and 4n documents. What a doubling takes off a score shrinks from
 * one to the next, the sooner the more of the hard documents are in already: by the ratio r of the second doubling to the first, which
 * is taken from all retrievers together, since one alone is noise. From 4n on each further doubling is taken to cost r times the one
 * before: between a straight line over the logarithm of the size (r = 1) and a score that falls no further (r = 0).
 *
 * It is an estimate: nothing but these points speaks for it (docs/sampling.md tells how far off it is where the whole is known).
 *
 * @param retrievers Points of each, of the same sizes, in ascending order; the last may be the whole collection, which is then the answer.
 * @param documents Of the whole collection.
 * @returns In the order of the retrievers, within 0 and 1.
 */
export function extrapolate(retrievers: readonly (readonly SizePoint[])[], documents: number): number[] {
  let first = 0
  let second = 0
  for (const points of retrievers) {
    const { before, last } = dropsOf(points)
    first += before
    second += last
  }
  // Where scores do not fall, or fall faster and faster, the points do not show a curve; then no more is claimed than its two bounds.
  const ratio = first > 0 && second > 0 ? Math.min(1, second / first) : 0
  return retrievers.map((points) => {
    const largest = points.at(-1)!
    const doublings = Math.log2(documents / largest.documents)
    const factor = ratio === 1 ? doublings : (ratio * (1 - ratio ** doublings)) / (1 - ratio)
    return Math.min(1, Math.max(0, largest.value - dropsOf(points).last * factor))
  })
}

/** What the last doubling took off, and the one before. */
function dropsOf(points: readonly SizePoint[]): { readonly before: number; readonly last: number } {
  const [a, b, c] = points.slice(-3).map(({ value }) => value)
  return c === undefined ? { before: 0, last: 0 } : { before: a! - b!, last: b! - c }
}
