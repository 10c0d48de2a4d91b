import { FieldtrialError } from '../../core/errors.ts'
import { linearCka } from './cka.ts'
import { neighbourOverlap } from './neighbours.ts'
import { meanPairedCosine } from './paired.ts'
import { type Rows, rowCount, rowsAt, soundRows } from './rows.ts'

/** How far two spaces agree on the same items. Plain JSON. Null where there are too few items for a figure. */
export interface SpaceComparison {
  /** Items compared: those whose vectors are finite and not zero in both spaces. */
  readonly items: number
  /** Similarity up to rotation and scale, from 0 to 1: see `linearCka`. */
  readonly cka: number | null
  /** Mean cosine of an item's two vectors; null where dimensions differ: see `meanPairedCosine`. */
  readonly cosine: number | null
  /** Agreement on nearest neighbours: see `NeighbourOverlap`. */
  readonly neighbours: { readonly k: number; readonly overlap: number; readonly jaccard: number } | null
}

/**
 * Compares two spaces. Deterministic; the caller samples, the same items for both.
 *
 * @param a n × d1, row i the same item as row i of `b`, n × d2.
 * @param k Neighbours looked at. Default 10.
 * @throws FieldtrialError `INTERNAL` if there are not as many rows on both sides.
 */
export async function compareSpaces(a: Rows, b: Rows, k = 10): Promise<SpaceComparison> {
  if (rowCount(a) !== rowCount(b))
    throw new FieldtrialError('INTERNAL', `Spaces of ${rowCount(a)} and ${rowCount(b)} items cannot be compared.`)
  const others = new Set(soundRows(b).kept)
  const both = soundRows(a).kept.filter((row) => others.has(row))
  const [x, y] = [rowsAt(a, both), rowsAt(b, both)]
  return {
    items: both.length,
    cka: await linearCka(x, y),
    cosine: meanPairedCosine(x, y),
    neighbours: await neighbourOverlap(x, y, k),
  }
}
