import { FieldtrialError } from '../../core/errors.ts'
import { largestEigen } from '../../index/postprocess/algebra/eigen.ts'
import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'
import { type FitInput, sampledNote } from './fit-input.ts'
import type { FittedSpace, MemberMap } from './fitted.ts'
import { inverseFactor } from './inverse-factor.ts'
import { symmetric, traceOf, transposed } from './matrix.ts'
import type { JointMoments } from './moments.ts'

/** Per member: its directions of agreement, size × dimension, in whitened numbers; and how much members agree along each. */
interface Agreement {
  readonly values: Float64Array
  readonly directions: readonly Matrix<Float64Array>[]
}

/**
 * Each member is centred by its documents' mean and whitened; the eigenvectors of what the whitened members have in common are the directions
 * in which they agree most. With two members these are the canonical directions and an eigenvalue is 1 + ρ, ρ the canonical correlation; with
 * m members agreement is (eigenvalue − 1) / (m − 1) in general. The fused vector is the weighted mean of the members' canonical variates, each
 * times its agreement, so that directions in which members do not agree fade out, scaled to length 1. Queries are centred by the documents' mean
 * too: where prompts shift queries, give the members `postprocess: [center]`.
 */
export async function fitCca(input: FitInput): Promise<FittedSpace> {
  const { sizes, dimension, divisors, options, signal } = input
  const moments = input.moments!
  const whiteners: Matrix<Float64Array>[] = []
  for (const i of sizes.keys()) whiteners.push(await whitener(shared(moments, divisors, i, i), options.shrinkage))
  const white = async (i: number, j: number) =>
    product(await product(whiteners[i]!, shared(moments, divisors, i, j)), whiteners[j]!, 'second')
  const { values, directions } =
    sizes.length === 2
      ? await agreementOfTwo(await white(0, 1), dimension, signal)
      : await agreementOfMany(sizes, white, dimension, signal)
  if (!(values[0]! > 0))
    throw new FieldtrialError('DATA_INVALID', 'The members of the fusion have nothing in common on these documents.', {
      hint: 'Fuse their runs instead.',
    })
  const members: MemberMap[] = []
  const shift = new Float32Array(dimension)
  for (const [i, size] of sizes.entries()) {
    const weighted = { ...directions[i]!, data: directions[i]!.data.map((x) => x * options.weights[i]!) }
    const { data } = await product(whiteners[i]!, weighted, 'first')
    for (let r = 0; r < size; r++)
      for (let c = 0; c < dimension; c++)
        shift[c] = shift[c]! + (moments.means[i]![r]! / divisors[i]!) * data[r * dimension + c]!
    members.push({ kind: 'matrix', size, divisor: divisors[i]!, matrix: Float32Array.from(data) })
  }
  const shown = (value: number) => Number(value.toPrecision(3))
  return {
    dimension,
    members,
    shift: { document: shift, query: shift },
    normalize: true,
    notes: [
      `Canonical correlations from ${shown(values[0]!)} to ${shown(values[dimension - 1]!)} over ${moments.documents} documents, shrinkage ${options.shrinkage}.`,
      ...sampledNote(moments),
    ],
  }
}

/**
 * The canonical correlations are the singular values of the whitened members' covariance K, found from K·Kᵀ of the smaller member's size: a
 * third of the dimensions of both together takes a thirtieth of the time. A direction of the larger member times its agreement is Kᵀ times that
 * of the smaller one, so that none is divided by a correlation near 0.
 */
async function agreementOfTwo(
  covariance: Matrix<Float64Array>,
  dimension: number,
  signal: AbortSignal | undefined,
): Promise<Agreement> {
  const first = covariance.rows <= covariance.columns
  const { data, rows } = await product(covariance, covariance, first ? 'second' : 'first')
  const { values: squares, vectors } = await largestEigen(symmetric(data, rows), dimension, signal)
  const values = squares.map((value) => Math.sqrt(Math.max(0, value)))
  const axes = { data: vectors, rows: dimension, columns: rows }
  const smaller = new Float64Array(rows * dimension)
  for (let c = 0; c < dimension; c++)
    for (let r = 0; r < rows; r++) smaller[r * dimension + c] = vectors[c * rows + r]! * values[c]!
  const larger = first ? await product(axes, covariance) : await product(axes, transposed(covariance))
  const directions = [{ data: smaller, rows, columns: dimension }, transposed(larger)]
  return { values, directions: first ? directions : directions.reverse() }
}

async function agreementOfMany(
  sizes: readonly number[],
  white: (i: number, j: number) => Promise<Matrix<Float64Array>>,
  dimension: number,
  signal: AbortSignal | undefined,
): Promise<Agreement> {
  const whole = sizes.reduce((sum, size) => sum + size, 0)
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0))
  const common = new Float64Array(whole * whole)
  // A member agrees with itself wholly, whatever the shrinkage: only what it shares with others decides.
  for (let i = 0; i < whole; i++) common[i * whole + i] = 1
  for (let i = 0; i < sizes.length; i++)
    for (let j = i + 1; j < sizes.length; j++) {
      const { data, rows, columns } = await white(i, j)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) {
          common[(starts[i]! + r) * whole + starts[j]! + c] = data[r * columns + c]!
          common[(starts[j]! + c) * whole + starts[i]! + r] = data[r * columns + c]!
        }
    }
  const eigen = await largestEigen({ data: common, rows: whole, columns: whole }, dimension, signal)
  const values = eigen.values.map((value) => Math.max(0, (value - 1) / (sizes.length - 1)))
  const directions = sizes.map((size, i): Matrix<Float64Array> => {
    const data = new Float64Array(size * dimension)
    for (let r = 0; r < size; r++)
      for (let c = 0; c < dimension; c++)
        data[r * dimension + c] = eigen.vectors[c * whole + starts[i]! + r]! * values[c]!
    return { data, rows: size, columns: dimension }
  })
  return { values, directions }
}

/** Covariance of two members' documents, each divided by its usual length. */
function shared(moments: JointMoments, divisors: readonly number[], i: number, j: number): Matrix<Float64Array> {
  const { data, rows, columns } = moments.second(i, j)
  const out = new Float64Array(data.length)
  const scale = 1 / (divisors[i]! * divisors[j]!)
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      out[r * columns + c] = scale * (data[r * columns + c]! - moments.means[i]![r]! * moments.means[j]![c]!)
  return i === j ? symmetric(out, rows) : { data: out, rows, columns }
}

/** What makes vectors of this covariance white after shrinkage: R with R·C·Rᵀ = 1. */
async function whitener(covariance: Matrix<Float64Array>, shrinkage: number): Promise<Matrix<Float64Array>> {
  const d = covariance.rows
  const trace = traceOf(covariance)
  const data = covariance.data.map((x, at) => (1 - shrinkage) * x + (at % (d + 1) === 0 ? (shrinkage * trace) / d : 0))
  const found = trace > 0 ? await inverseFactor({ data, rows: d, columns: d }) : null
  if (found !== null) return found
  throw new FieldtrialError('DATA_INVALID', `The documents vary in too few directions for cca of ${d} dimensions.`, {
    hint: 'Give a `shrinkage` above 0, or make the members smaller first (`postprocess: [{ pca: N }]`).',
  })
}
