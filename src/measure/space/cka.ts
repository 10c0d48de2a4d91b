import { product } from '../../index/postprocess/algebra/product.ts'
import { centredRows, type Rows, rowCount } from './rows.ts'

const squaredNorm = (data: Float64Array) => data.reduce((sum, x) => sum + x * x, 0)

/**
 * Linear centred kernel alignment of two spaces over the same items (Kornblith et al. 2019, arXiv:1905.00414): ‖BᵀA‖² / (‖AᵀA‖·‖BᵀB‖) with both centred.
 * From 0, nothing in common, to 1, equal up to rotation and one scale; dimensions may differ. It rises by itself where items are fewer than
 * dimensions, so compare only figures over equally many items, and take some thousands.
 *
 * @param a n × d1, row i the same item as row i of `b`, n × d2.
 * @returns null for fewer than two items, or where all vectors of a space are equal.
 */
export async function linearCka(a: Rows, b: Rows): Promise<number | null> {
  const n = rowCount(a)
  if (n < 2) return null
  const [x, y] = [a, b].map((rows) => ({ data: centredRows(rows), rows: n, columns: rows.dimension })) as [Side, Side]
  const between = squaredNorm((await product(y, x, 'first')).data)
  const scale = Math.sqrt((await ownNorm(x)) * (await ownNorm(y)))
  return scale > 0 ? Math.min(1, between / scale) : null
}

type Side = Parameters<typeof product<Float64Array>>[0]

/** ‖XᵀX‖², by whichever of XᵀX and XXᵀ is smaller: their norms are the same. */
async function ownNorm(x: Side): Promise<number> {
  return squaredNorm((await product(x, x, x.rows < x.columns ? 'second' : 'first')).data)
}
