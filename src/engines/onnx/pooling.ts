import type { Pooling } from '../../recipes/types.ts'
import type { PooledRange } from '../text/pooled-range.ts'

/**
 * Makes one vector of a text's token states, as sentence-transformers' Pooling module does; several poolings are laid side by side.
 * Sums are kept in double precision.
 *
 * @param states length × hidden, row-major, without padding.
 * @param range An empty one leaves zeros, which the encoder refuses.
 * @param out Room for `poolings.length × hidden` numbers.
 */
export function pool(
  states: Float32Array,
  range: PooledRange,
  hidden: number,
  poolings: readonly Pooling[],
  out: Float32Array,
): void {
  poolings.forEach((pooling, i) => {
    poolOne(states, range, hidden, pooling, out.subarray(i * hidden, (i + 1) * hidden))
  })
}

function poolOne(states: Float32Array, range: PooledRange, hidden: number, pooling: Pooling, out: Float32Array): void {
  const { start, end } = range
  if (start >= end) {
    out.fill(0)
    return
  }
  switch (pooling) {
    case 'cls':
      out.set(states.subarray(start * hidden, (start + 1) * hidden))
      return
    case 'lasttoken':
      out.set(states.subarray((end - 1) * hidden, end * hidden))
      return
    case 'max':
      out.fill(Number.NEGATIVE_INFINITY)
      for (let t = start; t < end; t++)
        for (let d = 0, at = t * hidden; d < hidden; d++, at++) if (states[at]! > out[d]!) out[d] = states[at]!
      return
    default:
      average(states, range, hidden, pooling, out)
  }
}

function average(
  states: Float32Array,
  range: PooledRange,
  hidden: number,
  pooling: 'mean' | 'mean_sqrt_len' | 'weightedmean',
  out: Float32Array,
): void {
  const sums = new Float64Array(hidden)
  let total = 0
  for (let t = range.start; t < range.end; t++) {
    const weight = pooling === 'weightedmean' ? t + 1 : 1
    total += weight
    for (let d = 0, at = t * hidden; d < hidden; d++, at++) sums[d] = sums[d]! + weight * states[at]!
  }
  const divisor = pooling === 'mean_sqrt_len' ? Math.sqrt(total) : total
  for (let d = 0; d < hidden; d++) out[d] = sums[d]! / divisor
}
