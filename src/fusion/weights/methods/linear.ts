import { FieldtrialError } from '../../../core/errors.ts'
import type { Method } from './types.ts'

/**
 * Σ wᵢ·xᵢ, divided by Σ wᵢ if it is to be normalised.
 *
 * @throws FieldtrialError `USAGE` where weights that are to be normalised sum up to nothing.
 */
export const linear: Method = ({ name, weights, normalize }) => {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (normalize && Math.abs(sum) < 1e-8)
    throw new FieldtrialError('USAGE', `The weights of ${name} sum up to 0, so they cannot be normalised.`, {
      hint: 'Change the weights, or set `normalize: false`.',
    })
  const scale = normalize ? 1 / sum : 1
  return ({ models }) => {
    const merged = models[0]!
    for (let i = 0; i < merged.length; i++) {
      let total = 0
      for (let m = 0; m < models.length; m++) total += weights[m]! * models[m]![i]!
      merged[i] = total * scale
    }
    return merged
  }
}
