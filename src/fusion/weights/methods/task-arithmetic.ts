import { addScaled, type Combine, type Method, Sums, subtract, type TensorWork } from './types.ts'

/** What is done to a model's differences, piece by piece, before they are summed. */
export type Sparsify = (differences: Float32Array) => void

/** base + λ·Σ wᵢ·(xᵢ − base), the sum divided by Σ wᵢ if it is to be normalised. */
export const taskArithmetic: Method = (work) => sumDifferences(work, [])

/** @param sparsify Per model; empty where all differences are kept. */
export function sumDifferences({ weights, normalize, lambda }: TensorWork, sparsify: readonly Sparsify[]): Combine {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const scale = lambda / (normalize && Math.abs(sum) >= 1e-8 ? sum : 1)
  const sums = new Sums()
  return ({ base, models }) => {
    const merged = base!
    models.forEach((model, m) => {
      subtract(model, merged)
      sparsify[m]?.(model)
    })
    const total = sums.zeros(merged.length)
    models.forEach((model, m) => void addScaled(total, model, weights[m]!))
    for (let i = 0; i < merged.length; i++) merged[i] = merged[i]! + scale * total[i]!
    return merged
  }
}
