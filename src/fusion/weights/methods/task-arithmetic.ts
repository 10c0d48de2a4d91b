import { type Combine, type Method, subtract, type TensorWork } from './types.ts'

/** What is done to a model's differences, piece by piece, before they are summed. */
export type Sparsify = (differences: Float32Array) => void

/** base + λ·Σ wᵢ·(xᵢ − base), the sum divided by Σ wᵢ if it is to be normalised. */
export const taskArithmetic: Method = (work) => sumDifferences(work, [])

/** @param sparsify Per model; empty where all differences are kept. */
export function sumDifferences({ weights, normalize, lambda }: TensorWork, sparsify: readonly Sparsify[]): Combine {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const scale = lambda / (normalize && Math.abs(sum) >= 1e-8 ? sum : 1)
  return ({ base, models }) => {
    const merged = base!
    models.forEach((model, m) => {
      subtract(model, merged)
      sparsify[m]?.(model)
    })
    for (let i = 0; i < merged.length; i++) {
      let total = 0
      for (let m = 0; m < models.length; m++) total += weights[m]! * models[m]![i]!
      merged[i] = merged[i]! + scale * total
    }
    return merged
  }
}
