/** Rows of features scaled to mean 0 and variance 1; a feature that never changes becomes 0. */
export interface Scaling {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

export function scalingOf(rows: readonly (readonly number[])[]): Scaling {
  const count = rows[0]?.length ?? 0
  const mean = Array.from({ length: count }, (_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length)
  const deviation = mean.map((m, j) => Math.sqrt(rows.reduce((sum, row) => sum + (row[j]! - m) ** 2, 0) / rows.length))
  return { mean, deviation }
}

/** Rounding noise of a constant feature must not be blown up to variance 1. */
const CONSTANT = 1e-9

export function scaledRow(row: readonly number[], { mean, deviation }: Scaling): number[] {
  return row.map((x, j) => (deviation[j]! <= CONSTANT * (1 + Math.abs(mean[j]!)) ? 0 : (x - mean[j]!) / deviation[j]!))
}
