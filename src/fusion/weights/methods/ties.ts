import { largestMagnitudes, Trim } from '../magnitude.ts'
import type { Sparsify } from './task-arithmetic.ts'
import { type Combine, type Method, subtract, type TensorWork } from './types.ts'

/**
 * Trim, elect sign, merge (arXiv:2306.01708): of each model's differences the largest `density` are kept, tensor by tensor; per number the sign
 * of Σ wᵢ·dᵢ is elected (zero counts as positive); differences of that sign are summed, divided by the weights of those that have it if
 * normalised, and added to the base times λ.
 */
export const ties: Method = async (work) => electSigns(work, await trims(work))

/** The largest differences of each model. At least one number is kept, lest a small tensor vanish. */
async function trims(work: TensorWork): Promise<(Sparsify | null)[]> {
  const all: (Sparsify | null)[] = []
  for (const [model, density] of work.densities.entries()) {
    const keep = Math.max(1, Math.floor(density * work.elements))
    if (keep >= work.elements) {
      all.push(null)
      continue
    }
    const trim = new Trim(await largestMagnitudes(() => work.differences(model), keep))
    all.push((differences) => trim.apply(differences))
  }
  return all
}

/** @param sparsify Per model; null for those whose differences are all kept. */
export function electSigns(
  { weights, normalize, lambda }: TensorWork,
  sparsify: readonly (Sparsify | null)[],
): Combine {
  return ({ base, models }) => {
    const merged = base!
    models.forEach((model, m) => {
      subtract(model, merged)
      sparsify[m]?.(model)
    })
    for (let i = 0; i < merged.length; i++) {
      let total = 0
      for (let m = 0; m < models.length; m++) total += weights[m]! * models[m]![i]!
      const elected = total >= 0 ? 1 : -1
      let [sum, agreeing] = [0, 0]
      for (let m = 0; m < models.length; m++) {
        const weighted = weights[m]! * models[m]![i]!
        if (Math.sign(weighted) !== elected) continue
        sum += weighted
        agreeing += weights[m]!
      }
      merged[i] = merged[i]! + (lambda * sum) / (normalize && agreeing !== 0 ? agreeing : 1)
    }
    return merged
  }
}
