import { product } from '../../index/postprocess/algebra/product.ts'
import { type Rows, rowCount, unitRows } from './rows.ts'

/** Rows compared with all others at a time. */
const BLOCK = 512

/** How far two spaces agree on what is near. */
export interface NeighbourOverlap {
  /** Neighbours looked at per item. */
  readonly k: number
  /** Mean share of an item's k nearest in one space that are among its k nearest in the other, from 0 to 1. Chance gives k / (n − 1). */
  readonly overlap: number
  /** Mean Jaccard index of the two sets, |A ∩ B| / |A ∪ B|, from 0 to 1. */
  readonly jaccard: number
}

/**
 * Compares every item's nearest others by cosine in two spaces; of equally near ones the earlier row counts as nearer.
 *
 * @param a n × d1, row i the same item as row i of `b`, n × d2.
 * @param k Default 10; n − 1 if there are fewer.
 * @returns null for fewer than two items.
 */
export async function neighbourOverlap(a: Rows, b: Rows, k = 10): Promise<NeighbourOverlap | null> {
  const n = rowCount(a)
  const most = Math.min(k, n - 1)
  if (most < 1) return null
  const [mine, theirs] = [await nearest(a, most), await nearest(b, most)]
  let [overlap, jaccard] = [0, 0]
  for (let item = 0; item < n; item++) {
    const set = new Set(mine.subarray(item * most, (item + 1) * most))
    const both = theirs.subarray(item * most, (item + 1) * most).filter((other) => set.has(other)).length
    overlap += both / most / n
    jaccard += both / (2 * most - both) / n
  }
  return { k: most, overlap, jaccard }
}

/** The k nearest others of each row: n × k numbers of rows, nearest first. */
async function nearest(rows: Rows, k: number): Promise<Uint32Array> {
  const n = rowCount(rows)
  const d = rows.dimension
  const units = { data: unitRows(rows), rows: n, columns: d }
  const found = new Uint32Array(n * k)
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const some = { data: units.data.subarray(from * d, to * d), rows: to - from, columns: d }
    const { data } = await product(some, units, 'second')
    for (let item = from; item < to; item++) {
      const cosines = data.subarray((item - from) * n, (item - from + 1) * n)
      const others = Array.from({ length: n }, (_, other) => other).filter((other) => other !== item)
      others.sort((x, y) => cosines[y]! - cosines[x]! || x - y)
      found.set(others.slice(0, k), item * k)
    }
  }
  return found
}
