import { decompose } from '../../index/postprocess/algebra/decompose.ts'
import { meanWorth, type Regression, type RouteData, routedWorth } from './regression.ts'
import { scaledRow, scalingOf } from './standardise.ts'

/** Penalties tried, in units of the number of queries, from none of the features (always the choice that is best on average) to most of them. */
const PENALTIES = [Infinity, 1000, 300, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01] as const

/**
 * Linear regression of each choice's worth on the features, with a penalty on the squares of the coefficients (Hoerl and Kennard,
 * Technometrics 12, 1970). The penalty is the one whose leave-one-out predictions route best, by the closed form y − (y − ŷ) / (1 − h) (Allen's
 * PRESS, 1974); the strongest where several do: where the features tell nothing, every query goes to the choice that is best on average.
 */
export function fitRidge(data: RouteData): Regression {
  const { worth } = data
  const scaling = scalingOf(data.features)
  const rows = data.features.map((row) => scaledRow(row, scaling))
  const [n, p] = [rows.length, rows[0]!.length]
  const mean = meanWorth(worth)
  const eigen = decompose(gram(rows, p), p)
  const axis = (k: number) => eigen.vectors.subarray(k * p, (k + 1) * p)
  // Coordinates of the queries along the axes, and what each axis says of each choice.
  const along = rows.map((row) => Array.from({ length: p }, (_, k) => dot(row, axis(k))))
  const says = Array.from({ length: p }, (_, k) =>
    mean.map((m, choice) => along.reduce((sum, row, i) => sum + row[k]! * (worth[i]![choice]! - m), 0)),
  )
  const shrinkage = (penalty: number) => Array.from(eigen.values, (value) => 1 / (Math.max(0, value) + penalty * n))
  const leftOut = (penalty: number) => {
    const by = shrinkage(penalty)
    return along.map((row, i) => {
      const leverage = row.reduce((sum, x, k) => sum + x * x * by[k]!, 1 / n)
      return mean.map((m, choice) => {
        const fitted = row.reduce((sum, x, k) => sum + x * by[k]! * says[k]![choice]!, m)
        const actual = worth[i]![choice]!
        return actual - (actual - fitted) / Math.max(1e-9, 1 - leverage)
      })
    })
  }
  let best = { penalty: Infinity, worth: -Infinity }
  for (const penalty of n > 2 ? PENALTIES : ([Infinity] as const)) {
    const found = routedWorth(leftOut(penalty), worth)
    if (found > best.worth + 1e-12) best = { penalty, worth: found }
  }
  const by = shrinkage(best.penalty)
  return {
    strength: best.penalty === Infinity ? 'ridge, features switched off' : `ridge, penalty ${best.penalty}`,
    predict(features) {
      const row = scaledRow(features, scaling)
      const at = Array.from({ length: p }, (_, k) => dot(row, axis(k)) * by[k]!)
      return mean.map((m, choice) => at.reduce((sum, x, k) => sum + x * says[k]![choice]!, m))
    },
  }
}

function gram(rows: readonly (readonly number[])[], p: number): Float64Array {
  const sums = new Float64Array(p * p)
  for (const row of rows)
    for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) sums[i * p + j] = sums[i * p + j]! + row[i]! * row[j]!
  return sums
}

function dot(row: readonly number[], axis: Float64Array): number {
  let sum = 0
  for (let i = 0; i < axis.length; i++) sum += row[i]! * axis[i]!
  return sum
}
