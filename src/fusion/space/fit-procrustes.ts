import { largestEigen } from '../../index/postprocess/algebra/eigen.ts'
import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'
import { type FitInput, percent, sampledNote } from './fit-input.ts'
import type { FittedSpace, MemberMap } from './fitted.ts'
import { symmetric, traceOf } from './matrix.ts'
import type { JointMoments } from './moments.ts'
import { orthonormalRows } from './polar.ts'

/** Rounds of generalised Procrustes analysis at most, and the gain of agreement below which they end. */
const MOST_ROUNDS = 50
const SETTLED = 1e-7

/**
 * Every member is turned onto the largest one and the weighted mean is scaled to length 1. A smaller member is laid into the larger space by a
 * matrix with orthonormal rows, so that similarities within a member stay what they were. With more than two members the turns are found
 * one after the other until the agreement of all with all grows no more; the largest one stays where it is, for a common turn changes nothing.
 */
export async function fitProcrustes(input: FitInput): Promise<FittedSpace> {
  const { sizes, dimension, divisors, options, signal } = input
  const moments = input.moments!
  const { weights } = options
  const most = Math.max(...sizes)
  const reference = sizes.indexOf(most)
  const turns = sizes.map((size) => identity(size, most))
  const scale = (i: number, j: number) => 1 / (divisors[i]! * divisors[j]!)
  for (const [i] of sizes.entries())
    if (i !== reference) turns[i] = await orthonormalRows(moments.second(i, reference), signal)
  let agreement = await agreementOf(moments, turns, weights, scale)
  for (let round = 0; sizes.length > 2 && round < MOST_ROUNDS; round++) {
    for (const [i] of sizes.entries()) {
      if (i === reference) continue
      const sum: Matrix<Float64Array> = { data: new Float64Array(sizes[i]! * most), rows: sizes[i]!, columns: most }
      for (const [j, turn] of turns.entries()) {
        if (j === i) continue
        const { data } = await product(moments.second(i, j), turn)
        for (let at = 0; at < data.length; at++) sum.data[at] = sum.data[at]! + weights[j]! * scale(i, j) * data[at]!
      }
      turns[i] = await orthonormalRows(sum, signal)
    }
    const next = await agreementOf(moments, turns, weights, scale)
    const settled = next - agreement <= SETTLED * Math.abs(next)
    agreement = next
    if (settled) break
  }
  const cosines = await Promise.all(
    sizes.map(async (_, i) => (i === reference ? null : await meanCosine(moments, turns, i, reference))),
  )
  const notes = [
    ...cosines.flatMap((cosine, i) =>
      cosine === null
        ? []
        : [
            `Member ${i + 1} turned onto member ${reference + 1}: mean similarity ${Number(cosine.toPrecision(3))} over ${moments.documents} documents.`,
          ],
    ),
    ...sampledNote(moments),
  ]
  const averaged = turns.map((turn, i) => ({ ...turn, data: turn.data.map((x) => x * weights[i]!) }))
  if (dimension === most) return fitted(sizes, divisors, dimension, averaged, notes)
  const { axes, kept } = await principalAxes(input, averaged, dimension)
  const cut: Matrix<Float64Array>[] = []
  for (const turn of averaged) cut.push(await product(turn, axes, 'second'))
  return fitted(sizes, divisors, dimension, cut, [
    ...notes,
    `${dimension} of ${most} dimensions hold ${percent(kept)} of the averages' second moment.`,
  ])
}

function fitted(
  sizes: readonly number[],
  divisors: readonly number[],
  dimension: number,
  matrices: readonly Matrix<Float64Array>[],
  notes: readonly string[],
): FittedSpace {
  const members = sizes.map((size, i): MemberMap => {
    return { kind: 'matrix', size, divisor: divisors[i]!, matrix: Float32Array.from(matrices[i]!.data) }
  })
  return { dimension, members, shift: null, normalize: true, notes }
}

/** Axes along which the averages are longest: not centred, since what is compared is the angle at the origin. */
async function principalAxes(
  { sizes, divisors, moments, signal }: FitInput,
  averaged: readonly Matrix<Float64Array>[],
  dimension: number,
): Promise<{ axes: Matrix<Float64Array>; kept: number }> {
  const most = averaged[0]!.columns
  const data = new Float64Array(most * most)
  for (let i = 0; i < sizes.length; i++)
    for (let j = 0; j < sizes.length; j++) {
      const part = await product(averaged[i]!, await product(moments!.second(i, j), averaged[j]!), 'first')
      for (let at = 0; at < data.length; at++) data[at] = data[at]! + part.data[at]! / (divisors[i]! * divisors[j]!)
    }
  const second = symmetric(data, most)
  const { values, vectors } = await largestEigen(second, dimension, signal)
  const kept = values.reduce((sum, value) => sum + value, 0) / traceOf(second)
  return { axes: { data: vectors, rows: dimension, columns: most }, kept }
}

/** Mean inner product of the turned vectors of two members. */
async function innerProduct(moments: JointMoments, turns: readonly Matrix<Float64Array>[], i: number, j: number) {
  const { data } = await product(moments.second(i, j), turns[j]!)
  const turn = turns[i]!.data
  let sum = 0
  for (let at = 0; at < turn.length; at++) sum += turn[at]! * data[at]!
  return sum
}

async function meanCosine(moments: JointMoments, turns: readonly Matrix<Float64Array>[], i: number, j: number) {
  return (await innerProduct(moments, turns, i, j)) / (moments.lengths[i]! * moments.lengths[j]!)
}

async function agreementOf(
  moments: JointMoments,
  turns: readonly Matrix<Float64Array>[],
  weights: readonly number[],
  scale: (i: number, j: number) => number,
): Promise<number> {
  let sum = 0
  for (let i = 0; i < turns.length; i++)
    for (let j = i + 1; j < turns.length; j++)
      sum += weights[i]! * weights[j]! * scale(i, j) * (await innerProduct(moments, turns, i, j))
  return sum
}

function identity(rows: number, columns: number): Matrix<Float64Array> {
  const data = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) data[i * columns + i] = 1
  return { data, rows, columns }
}
