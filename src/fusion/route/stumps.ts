import { meanWorth, type Regression, type RouteData, routedWorth } from './regression.ts'

/** Share of a stump's step that is taken. */
const RATE = 0.1
/** Numbers of stumps tried; 0 makes every query go to the choice that is best on average. */
const ROUNDS = [0, 5, 10, 20, 40, 80, 160] as const
/** Fewest queries on either side of a cut. */
const LEAST = 5
const FOLDS = 5

interface Stump {
  readonly feature: number
  readonly cut: number
  /** Added to each choice's worth at or below the cut, and above it. */
  readonly below: readonly number[]
  readonly above: readonly number[]
}

/**
 * Gradient boosting of stumps: one cut through one feature after the other, each the one that lowers the squared error over all choices most,
 * a tenth of each taken (Friedman, Annals of Statistics 29, 2001). How many is decided by five-fold cross-validation within the queries that are
 * learned from, by how well the choices turn out; the fewest where several do as well.
 */
export function fitStumps(data: RouteData): Regression {
  const rounds = chooseRounds(data)
  const mean = meanWorth(data.worth)
  const stumps = boost(data, rounds)
  return {
    strength: rounds === 0 ? 'no stumps' : `${rounds} stumps`,
    predict: (features) => predictWith(mean, stumps, features),
  }
}

function chooseRounds(data: RouteData): number {
  const n = data.features.length
  if (n < 2 * LEAST * FOLDS) return 0
  const parts = Array.from({ length: FOLDS }, (_, fold) => {
    const held = Array.from({ length: n }, (_, i) => i).filter((i) => i % FOLDS === fold)
    const rest = Array.from({ length: n }, (_, i) => i).filter((i) => i % FOLDS !== fold)
    const train = pick(data, rest)
    return { test: pick(data, held), mean: meanWorth(train.worth), stumps: boost(train, ROUNDS.at(-1)!) }
  })
  let best = { rounds: 0, worth: -Infinity }
  for (const rounds of ROUNDS) {
    let sum = 0
    for (const { test, mean, stumps } of parts) {
      const some = stumps.slice(0, rounds)
      sum +=
        routedWorth(
          test.features.map((row) => predictWith(mean, some, row)),
          test.worth,
        ) * test.features.length
    }
    if (sum > best.worth + 1e-9) best = { rounds, worth: sum }
  }
  return best.rounds
}

function boost({ features, worth }: RouteData, rounds: number): Stump[] {
  const mean = meanWorth(worth)
  const rest = worth.map((row) => row.map((y, choice) => y - mean[choice]!))
  const orders = (features[0] ?? []).map((_, j) =>
    features.map((_, i) => i).sort((a, b) => features[a]![j]! - features[b]![j]! || a - b),
  )
  const stumps: Stump[] = []
  for (let round = 0; round < rounds; round++) {
    const found = bestStump(features, rest, orders)
    if (found === null) break
    const stump = { ...found, below: found.below.map((x) => RATE * x), above: found.above.map((x) => RATE * x) }
    stumps.push(stump)
    rest.forEach((row, i) => {
      const step = features[i]![stump.feature]! <= stump.cut ? stump.below : stump.above
      for (let choice = 0; choice < row.length; choice++) row[choice] = row[choice]! - step[choice]!
    })
  }
  return stumps
}

function bestStump(
  features: RouteData['features'],
  rest: readonly (readonly number[])[],
  orders: readonly (readonly number[])[],
): Stump | null {
  const n = rest.length
  const total = rest[0]!.map((_, choice) => rest.reduce((sum, row) => sum + row[choice]!, 0))
  let best: Stump | null = null
  let most = 1e-12
  for (const [feature, order] of orders.entries()) {
    const below = total.map(() => 0)
    for (let i = 0; i < n - LEAST; i++) {
      rest[order[i]!]!.forEach((y, choice) => {
        below[choice] = below[choice]! + y
      })
      const [here, next] = [features[order[i]!]![feature]!, features[order[i + 1]!]![feature]!]
      if (i + 1 < LEAST || here === next) continue
      const [count, others] = [i + 1, n - i - 1]
      const gain = below.reduce((sum, x, c) => sum + (x * x) / count + (total[c]! - x) ** 2 / others, 0)
      if (gain <= most) continue
      most = gain
      best = {
        feature,
        cut: (here + next) / 2,
        below: below.map((x) => x / count),
        above: below.map((x, c) => (total[c]! - x) / others),
      }
    }
  }
  return best
}

function predictWith(mean: readonly number[], stumps: readonly Stump[], features: readonly number[]): number[] {
  const values = [...mean]
  for (const { feature, cut, below, above } of stumps) {
    const step = features[feature]! <= cut ? below : above
    for (let choice = 0; choice < values.length; choice++) values[choice] = values[choice]! + step[choice]!
  }
  return values
}

function pick({ features, worth }: RouteData, rows: readonly number[]): RouteData {
  return { features: rows.map((i) => features[i]!), worth: rows.map((i) => worth[i]!) }
}
