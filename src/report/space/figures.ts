import type { SideDiagnostics, SpaceDiagnostics } from '../../measure/space/index.ts'

/** Vectors of a side that the figures are over: those that are finite and not zero. */
export function soundVectors({ norms }: SideDiagnostics): number {
  return norms.vectors - norms.notFinite - norms.zeros
}

/** The highest effective rank that there can be: the dimension, or one less than the vectors looked at. */
export function highestRank(space: SpaceDiagnostics): number {
  return Math.min(space.dimension, soundVectors(space.documents) - 1)
}

/**
 * Squared length of the mean of a side's vectors, from 0 to 1. Of n unit vectors with mean cosine a it is (1 + (n − 1)·a) / n.
 *
 * @returns null where the vectors are not of length 1, or too few.
 */
function squaredMean(side: SideDiagnostics): number | null {
  const { length } = side.norms
  if (side.anisotropy === null || length === null || length.min < 0.99 || length.max > 1.01) return null
  const n = soundVectors(side)
  return (1 + (n - 1) * side.anisotropy) / n
}

/**
 * How far the mean query lies from the mean document, over the root mean square distance of a vector from its own side's mean (both sides
 * weigh the same), the spread. From 0; at 1 the means are as far apart as vectors typically lie from their own side's mean. Not changed by a cone
 * that both sides lie in.
 *
 * @returns null where vectors are not of length 1, have no spread, or a side is absent.
 */
export function relativeShift({ documents, queries, shift }: SpaceDiagnostics): number | null {
  if (queries === null || shift === null) return null
  const [d, q] = [squaredMean(documents), squaredMean(queries)]
  if (d === null || q === null) return null
  // For unit vectors the mean squared distance from their mean is 1 − ‖mean‖².
  const spread = 1 - (d + q) / 2
  return spread > 1e-9 ? shift.distance / Math.sqrt(spread) : null
}

/**
 * Mean squared distance of any query to any document, what `alignment` is held against: 2 − 2·(mean query · mean document). From 0 to 4.
 *
 * @returns null where vectors are not of length 1, or a side is absent.
 */
export function anyPairDistance({ documents, queries, shift }: SpaceDiagnostics): number | null {
  if (queries === null || shift === null) return null
  const [d, q] = [squaredMean(documents), squaredMean(queries)]
  return d === null || q === null ? null : 2 - (d + q - shift.distance ** 2)
}

/**
 * Share of documents that would stand in no list if lists were drawn at random: (1 − k/documents)^queries. What the share of documents never
 * found is held against.
 */
export function absentByChance(k: number, documents: number, queries: number): number {
  return documents === 0 ? 0 : Math.max(0, 1 - k / documents) ** queries
}
