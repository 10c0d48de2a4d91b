/** Predicts what each choice is worth for a query. */
export interface Regression {
  /** One number per choice. */
  predict(features: readonly number[]): number[]
  /** How strongly it was held back, for people, e.g. `ridge, λ = 10`. */
  readonly strength: string
}

/** What regressions are fitted on: a row of features and the worth of each choice, per query. */
export interface RouteData {
  readonly features: readonly (readonly number[])[]
  readonly worth: readonly (readonly number[])[]
}

/** The choice of the highest number; of equal ones the first. */
export function bestOf(values: readonly number[]): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

/** Mean worth of always making the choice that the predictions say. */
export function routedWorth(predictions: readonly (readonly number[])[], worth: RouteData['worth']): number {
  return predictions.reduce((sum, row, i) => sum + worth[i]![bestOf(row)]!, 0) / predictions.length
}

export function meanWorth(worth: RouteData['worth']): number[] {
  return worth[0]!.map((_, choice) => worth.reduce((sum, row) => sum + row[choice]!, 0) / worth.length)
}
