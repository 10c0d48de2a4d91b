import { meanRow, type Rows, rowCount } from './rows.ts'

/** How far the block of queries lies from the block of documents. */
export interface SideShift {
  /**
   * Cosine of the two means, from -1 to 1. Near 1 the sides lie on one axis from the origin; far from 1 their prompts, or their kinds of text, move them
   * apart, and each side should be centred by its own mean. Null where a mean is zero.
   */
  readonly cosine: number | null
  /** Length of the difference of the two means, from 0, in the vectors' own unit: at most 2 for normalised vectors. */
  readonly distance: number
}

/** @returns null where a side has no vectors. */
export function sideShift(queries: Rows, documents: Rows): SideShift | null {
  if (rowCount(queries) === 0 || rowCount(documents) === 0) return null
  const q = meanRow(queries.vectors, queries.dimension)
  const d = meanRow(documents.vectors, documents.dimension)
  let [qd, qq, dd, apart] = [0, 0, 0, 0]
  q.forEach((x, i) => {
    qd += x * d[i]!
    qq += x * x
    dd += d[i]! * d[i]!
    apart += (x - d[i]!) ** 2
  })
  return { cosine: qq * dd > 0 ? qd / Math.sqrt(qq * dd) : null, distance: Math.sqrt(apart) }
}
