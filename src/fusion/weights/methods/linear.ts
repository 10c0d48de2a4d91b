import { FieldtrialError } from '../../../core/errors.ts'
import { addScaled, type Method, Sums } from './types.ts'

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
  const sums = new Sums()
  return ({ models }) => {
    const merged = models[0]!
    const total = sums.zeros(merged.length)
    models.forEach((model, m) => void addScaled(total, model, scale * weights[m]!))
    merged.set(total)
    return merged
  }
}
