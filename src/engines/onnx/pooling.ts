import type { Pooling } from '../../recipes/types.ts'

/**
 * Makes one vector of a text's token states, as sentence-transformers' Pooling module does; several poolings are laid side by side.
 * Sums are kept in double precision.
 *
 * @param states length × hidden, row-major, without padding.
 * @param skip Tokens at the start that take no part (the prompt's, where the recipe leaves it out). Positions still count them.
 * @param out Room for `poolings.length × hidden` numbers.
 */
export function pool(
  states: Float32Array,
  length: number,
  hidden: number,
  poolings: readonly Pooling[],
  skip: number,
  out: Float32Array,
): void {
  poolings.forEach((pooling, i) => {
    poolOne(states, length, hidden, pooling, skip, out.subarray(i * hidden, (i + 1) * hidden))
  })
}

function poolOne(
  states: Float32Array,
  length: number,
  hidden: number,
  pooling: Pooling,
  skip: number,
  out: Float32Array,
): void {
  switch (pooling) {
    case 'cls': {
      const at = skip < length ? skip : 0
      out.set(states.subarray(at * hidden, (at + 1) * hidden))
      return
    }
    case 'lasttoken':
      // With nothing left there is no last token: the vector stays zero, which the encoder refuses.
      if (skip < length) out.set(states.subarray((length - 1) * hidden, length * hidden))
      else out.fill(0)
      return
    case 'max':
      out.fill(skip < length ? Number.NEGATIVE_INFINITY : 0)
      for (let t = skip; t < length; t++)
        for (let d = 0, at = t * hidden; d < hidden; d++, at++) if (states[at]! > out[d]!) out[d] = states[at]!
      return
    default:
      average(states, length, hidden, pooling, skip, out)
  }
}

function average(
  states: Float32Array,
  length: number,
  hidden: number,
  pooling: 'mean' | 'mean_sqrt_len' | 'weightedmean',
  skip: number,
  out: Float32Array,
): void {
  const sums = new Float64Array(hidden)
  let total = 0
  for (let t = skip; t < length; t++) {
    const weight = pooling === 'weightedmean' ? t + 1 : 1
    total += weight
    for (let d = 0, at = t * hidden; d < hidden; d++, at++) sums[d] = sums[d]! + weight * states[at]!
  }
  const divisor = pooling === 'mean_sqrt_len' ? Math.sqrt(total) : total
  for (let d = 0; d < hidden; d++) out[d] = total === 0 ? 0 : sums[d]! / divisor
}
