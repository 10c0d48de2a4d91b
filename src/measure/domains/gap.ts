import { meanRow, type Rows, rowCount, soundRows, unitRows } from '../space/rows.ts'

/** How far two kinds of items lie apart in an embedding space. */
export interface Gap {
  /**
   * Length of the difference of the two means, of vectors scaled to length 1: 0 for groups that share their middle, at most 2. The modality gap
   * of Liang et al. (2022, Mind the Gap, arXiv:2203.02053), whatever the groups are.
   */
  readonly distance: number
  /**
   * The same over the root mean square distance of items from their own group's mean: above 1 the groups lie farther apart than they are wide.
   * Null where all items of each group are equal.
   */
  readonly relative: number | null
}

/** @returns Null where a group has no vector that points anywhere. */
export function gapBetween(one: Rows, other: Rows): Gap | null {
  const groups = [one, other].map((rows) => {
    const sound = soundRows(rows)
    const units = unitRows(sound)
    return { units, mean: meanRow(units, rows.dimension), count: rowCount(sound) }
  })
  if (groups.some(({ count }) => count === 0)) return null
  const [a, b] = groups
  let apart = 0
  for (let i = 0; i < one.dimension; i++) apart += (a!.mean[i]! - b!.mean[i]!) ** 2
  const spread = Math.sqrt(groups.reduce((sum, group) => sum + variance(group) / 2, 0))
  const distance = Math.sqrt(apart)
  return { distance, relative: spread > 1e-9 ? distance / spread : null }
}

/** Mean squared distance from the mean. */
function variance({ units, mean, count }: { units: Float64Array; mean: Float64Array; count: number }): number {
  let sum = 0
  for (let at = 0; at < units.length; at++) sum += (units[at]! - mean[at % mean.length]!) ** 2
  return sum / count
}
