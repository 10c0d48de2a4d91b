const MAX_DISTANCE = 128

/**
 * T5's buckets of relative distance (Raffel et al. 2020, arXiv:1910.10683), both directions: half of the buckets for keys
 * after the query; of each half the first half exact, the rest logarithmic up to 128.
 * Computed in float32 steps as torch does, since distances such as 16, 32 and 64 lie exactly on an edge.
 *
 * @returns For each distance (key − query) from −(longest−1) to longest−1 its bucket.
 */
export function relativeBuckets(longest: number, buckets: number): number[] {
  const half = buckets >> 1
  const exact = half >> 1
  const scale = Math.fround(Math.log(MAX_DISTANCE / exact))
  const bucketOf = (distance: number): number => {
    const side = distance > 0 ? half : 0
    const n = Math.abs(distance)
    if (n < exact) return side + n
    const ratio = Math.fround(Math.fround(Math.log(Math.fround(n / exact))) / scale)
    return side + Math.min(exact + Math.trunc(Math.fround(ratio * (half - exact))), half - 1)
  }
  return Array.from({ length: 2 * longest - 1 }, (_, i) => bucketOf(i - (longest - 1)))
}
