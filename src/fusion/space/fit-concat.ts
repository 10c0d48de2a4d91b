import { FieldtrialError } from '../../core/errors.ts'
import { largestEigen } from '../../index/postprocess/algebra/eigen.ts'
import { type FitInput, NO_VARIANCE, percent, sampledNote } from './fit-input.ts'
import type { FittedSpace, MemberMap } from './fitted.ts'
import { traceOf } from './matrix.ts'
import { joinedMoments } from './moments.ts'

/**
 * Vectors one after the other, each times the root of its weight: inner products are then the weighted sum of the members' similarities.
 *
 * Cut by `pca`: the coordinates along the first principal components of the documents, which are centred; that subtracts the same number from
 * all scores of a query. Queries are projected as they are, and vectors keep their lengths, so that inner products are the best possible at
 * this size. Cut by `truncate`: the first numbers of each member, as many as its share of all dimensions, scaled to length 1 again.
 */
export async function fitConcat(input: FitInput): Promise<FittedSpace> {
  const { sizes, dimension, options } = input
  const whole = sizes.reduce((sum, size) => sum + size, 0)
  if (dimension < whole && options.cut === 'pca') return principal(input)
  const takes = dimension === whole ? sizes : shares(sizes, dimension)
  const members = sizes.map((size, i): MemberMap => {
    const at = takes.slice(0, i).reduce((sum, take) => sum + take, 0)
    const again = input.unit[i]! && takes[i]! < size
    const divisor = input.divisors[i]!
    return { kind: 'place', size, divisor, take: takes[i]!, again, factor: Math.sqrt(options.weights[i]!), at }
  })
  return { dimension, members, shift: null, normalize: false, notes: [] }
}

async function principal({ sizes, dimension, divisors, moments, options, signal }: FitInput): Promise<FittedSpace> {
  const factors = options.weights.map((weight, i) => Math.sqrt(weight) / divisors[i]!)
  const covariance = joinedMoments(moments!, factors, true)
  const whole = covariance.rows
  const { values, vectors } = await largestEigen(covariance, dimension, signal)
  if (!(values[dimension - 1]! > NO_VARIANCE * values[0]!))
    throw new FieldtrialError(
      'DATA_INVALID',
      `The fused documents vary in fewer than ${dimension} directions (${moments!.documents} documents).`,
      { hint: 'Give fewer `dimensions`, or a larger collection.' },
    )
  const kept = values.reduce((sum, value) => sum + value, 0) / traceOf(covariance)
  let start = 0
  const members = sizes.map((size, i): MemberMap => {
    const matrix = new Float32Array(size * dimension)
    for (let r = 0; r < size; r++)
      for (let c = 0; c < dimension; c++)
        matrix[r * dimension + c] = vectors[c * whole + start + r]! * Math.sqrt(options.weights[i]!)
    start += size
    return { kind: 'matrix', size, divisor: divisors[i]!, matrix }
  })
  const document = new Float32Array(dimension)
  for (let c = 0; c < dimension; c++) {
    let sum = 0
    let at = 0
    for (const [i, mean] of moments!.means.entries())
      for (const x of mean) sum += factors[i]! * x * vectors[c * whole + at++]!
    document[c] = sum
  }
  return {
    dimension,
    members,
    shift: { document, query: new Float32Array(dimension) },
    normalize: false,
    notes: [
      `${dimension} of ${whole} dimensions hold ${percent(kept)} of the variance of ${moments!.documents} documents.`,
      ...sampledNote(moments!),
    ],
  }
}

/** Parts in proportion to the sizes, at least 1 each, by largest remainders. */
function shares(sizes: readonly number[], wanted: number): number[] {
  const whole = sizes.reduce((sum, size) => sum + size, 0)
  const exact = sizes.map((size) => (size * wanted) / whole)
  const parts = exact.map((share) => Math.max(1, Math.floor(share)))
  const order = exact.map((_, i) => i).sort((a, b) => exact[b]! - parts[b]! - (exact[a]! - parts[a]!) || a - b)
  for (let left = wanted - parts.reduce((sum, part) => sum + part, 0), k = 0; left !== 0; k++) {
    const i = order[left > 0 ? k % order.length : order.length - 1 - (k % order.length)]!
    if (left < 0 && parts[i]! === 1) continue
    parts[i] = parts[i]! + Math.sign(left)
    left -= Math.sign(left)
  }
  return parts
}
