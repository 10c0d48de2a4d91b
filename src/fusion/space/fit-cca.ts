import { FieldtrialError } from '../../core/errors.ts'
import { largestEigen, symmetricEigen } from '../../index/postprocess/algebra/eigen.ts'
import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'
import { type FitInput, NO_VARIANCE } from './fit-input.ts'
import type { FittedSpace, MemberMap } from './fitted.ts'
import { joinedMoments } from './moments.ts'

/**
 * Each member is centred by its documents' mean and whitened; the eigenvectors of what the whitened members have in common are the directions
 * in which they agree most. With two members these are the canonical directions and an eigenvalue is 1 + ρ, ρ the canonical correlation; with
 * m members agreement is (eigenvalue − 1) / (m − 1) in general. The fused vector is the weighted mean of the members' canonical variates, each
 * times its agreement, so that directions in which members do not agree fade out, scaled to length 1. Queries are centred by the documents' mean
 * too: where prompts shift queries, give the members `postprocess: [center]`.
 */
export async function fitCca({ sizes, dimension, divisors, moments, options, signal }: FitInput): Promise<FittedSpace> {
  const joined = joinedMoments(
    moments!,
    divisors.map((divisor) => 1 / divisor),
    true,
  )
  const whole = joined.rows
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0))
  const whiteners: Matrix<Float64Array>[] = []
  for (const [i, size] of sizes.entries())
    whiteners.push(await whitener(block(joined, starts[i]!, size, starts[i]!, size), options.shrinkage, signal))
  const common = new Float64Array(whole * whole)
  for (const [i, size] of sizes.entries())
    for (const [j, other] of sizes.entries()) {
      // A member agrees with itself wholly, whatever the shrinkage: only what it shares with others decides.
      const part =
        i === j
          ? unit(size)
          : await product(
              await product(whiteners[i]!, block(joined, starts[i]!, size, starts[j]!, other)),
              whiteners[j]!,
            )
      for (let r = 0; r < size; r++)
        common.set(part.data.subarray(r * other, (r + 1) * other), (starts[i]! + r) * whole + starts[j]!)
    }
  for (let r = 0; r < whole; r++)
    for (let c = 0; c < r; c++) {
      const value = (common[r * whole + c]! + common[c * whole + r]!) / 2
      common[r * whole + c] = value
      common[c * whole + r] = value
    }
  const { values, vectors } = await largestEigen({ data: common, rows: whole, columns: whole }, dimension, signal)
  const agreement = values.map((value) => Math.max(0, (value - 1) / (sizes.length - 1)))
  if (!(agreement[0]! > 0))
    throw new FieldtrialError('DATA_INVALID', 'The members of the fusion have nothing in common on these documents.', {
      hint: 'Fuse their runs instead.',
    })
  const members: MemberMap[] = []
  const shift = new Float32Array(dimension)
  for (const [i, size] of sizes.entries()) {
    const directions = new Float64Array(size * dimension)
    for (let r = 0; r < size; r++)
      for (let c = 0; c < dimension; c++)
        directions[r * dimension + c] = vectors[c * whole + starts[i]! + r]! * agreement[c]! * options.weights[i]!
    const { data } = await product(whiteners[i]!, { data: directions, rows: size, columns: dimension })
    for (let r = 0; r < size; r++)
      for (let c = 0; c < dimension; c++)
        shift[c] = shift[c]! + (moments!.means[i]![r]! / divisors[i]!) * data[r * dimension + c]!
    members.push({ kind: 'matrix', size, divisor: divisors[i]!, matrix: Float32Array.from(data) })
  }
  const shown = (value: number) => Number(value.toPrecision(3))
  return {
    dimension,
    members,
    shift: { document: shift, query: shift },
    normalize: true,
    notes: [
      `Canonical correlations from ${shown(agreement[0]!)} to ${shown(agreement[dimension - 1]!)} over ${moments!.documents} documents, shrinkage ${options.shrinkage}.`,
    ],
  }
}

/** C^(-1/2) after shrinkage. */
async function whitener(
  covariance: Matrix<Float64Array>,
  shrinkage: number,
  signal: AbortSignal | undefined,
): Promise<Matrix<Float64Array>> {
  const d = covariance.rows
  const { values, vectors } = await symmetricEigen(covariance, signal)
  const mean = values.reduce((sum, value) => sum + value, 0) / d
  const shrunk = values.map((value) => (1 - shrinkage) * Math.max(0, value) + shrinkage * mean)
  if (!(shrunk[d - 1]! > NO_VARIANCE * shrunk[0]!))
    throw new FieldtrialError('DATA_INVALID', `The documents vary in too few directions for cca of ${d} dimensions.`, {
      hint: 'Give a `shrinkage` above 0, or make the members smaller first (`postprocess: [{ pca: N }]`).',
    })
  // V·λ^(-1/2)·Vᵀ as a product of V·λ^(-1/4) with itself; vectors are rows.
  const half = vectors.map((x, i) => x * shrunk[Math.floor(i / d)]! ** -0.25)
  return product({ data: half, rows: d, columns: d }, { data: half, rows: d, columns: d }, 'first')
}

function block({ data, columns }: Matrix<Float64Array>, row: number, rows: number, column: number, width: number) {
  const out = new Float64Array(rows * width)
  for (let r = 0; r < rows; r++)
    out.set(data.subarray((row + r) * columns + column, (row + r) * columns + column + width), r * width)
  return { data: out, rows, columns: width }
}

function unit(size: number): Matrix<Float64Array> {
  const data = new Float64Array(size * size)
  for (let i = 0; i < size; i++) data[i * size + i] = 1
  return { data, rows: size, columns: size }
}
