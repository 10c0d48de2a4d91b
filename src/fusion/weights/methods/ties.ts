import { largestMagnitudes, Trim } from '../magnitude.ts'
import type { Sparsify } from './task-arithmetic.ts'
import { addScaled, type Combine, type Method, Sums, subtract, type TensorWork } from './types.ts'

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
  const [totals, agreed, divisors] = [new Sums(), new Sums(), new Sums()]
  return ({ base, models }) => {
    const merged = base!
    models.forEach((model, m) => {
      subtract(model, merged)
      sparsify[m]?.(model)
    })
    const total = totals.zeros(merged.length)
    models.forEach((model, m) => void addScaled(total, model, weights[m]!))
    const sum = agreed.zeros(merged.length)
    const agreeing = divisors.zeros(merged.length)
    models.forEach((model, m) => void addAgreeing(sum, agreeing, model, weights[m]!, total))
    for (let i = 0; i < merged.length; i++) {
      const divisor = normalize && agreeing[i] !== 0 ? agreeing[i]! : 1
      merged[i] = merged[i]! + (lambda * sum[i]!) / divisor
    }
    return merged
  }
}

/** Sums the weighted differences of the elected sign, and the weights of those that have it. */
function addAgreeing(
  sum: Float64Array,
  agreeing: Float64Array,
  model: Float32Array,
  weight: number,
  total: Float64Array,
): void {
  for (let i = 0; i < model.length; i++) {
    const weighted = weight * model[i]!
    if (total[i]! >= 0 ? weighted <= 0 : weighted >= 0) continue
    sum[i] = sum[i]! + weighted
    agreeing[i] = agreeing[i]! + weight
  }
}
