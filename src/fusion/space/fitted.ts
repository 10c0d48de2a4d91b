import { product } from '../../index/postprocess/algebra/product.ts'
import type { Side } from '../../recipes/types.ts'
import { unitRows } from './members.ts'

/**
 * What becomes of one member's vectors, once they have length 1 or its usual length:
 *
 * - `place`: the first `take` numbers (scaled to length 1 again if `again`) times `factor`, from `at` on.
 * - `matrix`: times a matrix, `size` × the fused dimension.
 */
export type MemberMap = { readonly size: number; readonly divisor: number } & (
  | {
      readonly kind: 'place'
      readonly take: number
      readonly again: boolean
      readonly factor: number
      readonly at: number
    }
  | { readonly kind: 'matrix'; readonly matrix: Float32Array }
)

/** A fused space that vectors can be brought into. All that is fitted is float32, so that what is loaded does as what was fitted. */
export interface FittedSpace {
  readonly dimension: number
  readonly members: readonly MemberMap[]
  /** Subtracted from the sum over the members, per side; null: nothing. */
  readonly shift: Readonly<Record<Side, Float32Array>> | null
  /** Whether fused vectors are scaled to length 1. */
  readonly normalize: boolean
  /** What a reader must know of the fit, a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Fused vectors of some texts.
 *
 * @param vectors Per member, rows × its size, as `jointBlocks` gives them.
 * @returns rows × `dimension`.
 */
export async function applySpace(
  { dimension, members, shift, normalize }: FittedSpace,
  side: Side,
  vectors: readonly Float32Array[],
): Promise<Float32Array> {
  const rows = vectors[0]!.length / members[0]!.size
  const fused = new Float32Array(rows * dimension)
  for (const [i, member] of members.entries()) {
    const own = vectors[i]!
    if (member.kind === 'place') place(fused, dimension, own, member)
    else {
      const scaled = member.divisor === 1 ? own : own.map((x) => x / member.divisor)
      const matrix = { data: member.matrix, rows: member.size, columns: dimension }
      const { data } = await product({ data: scaled, rows, columns: member.size }, matrix)
      for (let at = 0; at < fused.length; at++) fused[at] = fused[at]! + data[at]!
    }
  }
  if (shift !== null) for (let at = 0; at < fused.length; at++) fused[at] = fused[at]! - shift[side][at % dimension]!
  return normalize ? unitRows(fused, dimension) : fused
}

function place(
  fused: Float32Array,
  dimension: number,
  vectors: Float32Array,
  { size, divisor, take, again, factor, at }: MemberMap & { kind: 'place' },
): void {
  for (let row = 0; row < vectors.length / size; row++) {
    const start = row * size
    let scale = factor / divisor
    if (again) {
      let squares = 0
      for (let i = start; i < start + take; i++) squares += vectors[i]! * vectors[i]!
      scale = squares === 0 ? 0 : factor / Math.sqrt(squares)
    }
    for (let i = 0; i < take; i++) fused[row * dimension + at + i] = vectors[start + i]! * scale
  }
}
