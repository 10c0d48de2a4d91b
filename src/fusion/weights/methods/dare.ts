import { DropMask } from '../random.ts'
import { type Sparsify, sumDifferences } from './task-arithmetic.ts'
import { electSigns } from './ties.ts'
import type { Method, TensorWork } from './types.ts'

/** Drop and rescale (arXiv:2311.03099): each difference is kept with the probability `density` and divided by it; then as task arithmetic. */
export const dareLinear: Method = (work) => sumDifferences(work, masks(work))

/** The same, then the election of signs of TIES. */
export const dareTies: Method = (work) => electSigns(work, masks(work))

function masks({ seed, name, densities }: TensorWork): Sparsify[] {
  return densities.map((density, source) => {
    const mask = new DropMask(seed, name, source, density)
    return (differences) => mask.apply(differences)
  })
}
