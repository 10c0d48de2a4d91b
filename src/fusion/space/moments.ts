import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'
import { symmetric, transposed } from './matrix.ts'
import { jointBlocks, type MemberSpace } from './members.ts'
import { rowSample } from './sample.ts'

/** First and second moments of several spaces over the same documents, in float64. */
export interface JointMoments {
  /** Documents that were looked at, and how many there are. */
  readonly documents: number
  readonly of: number
  readonly sizes: readonly number[]
  /** Mean vector of each member. */
  readonly means: readonly Float64Array[]
  /** Root mean square length of each member's vectors. */
  readonly lengths: readonly number[]
  /** Mean of xᵢᵀxⱼ, dᵢ × dⱼ, not centred. */
  second(i: number, j: number): Matrix<Float64Array>
}

interface MomentOptions {
  /** Documents looked at; of more a sample. */
  readonly most: number
  /** Whether `second(i, i)` will be asked for: the largest part of the work. */
  readonly own: boolean
}

/**
 * One pass over all members: sums of products, in float64, a block at a time.
 *
 * @throws FieldtrialError `DATA_INVALID` without documents or for a member whose vectors are all zeros; as `jointBlocks`.
 */
export async function jointMoments(
  members: readonly MemberSpace[],
  work: LongWork,
  { most, own }: MomentOptions,
): Promise<JointMoments> {
  const sizes = members.map(({ store }) => store.meta.dimension)
  const of = members[0]!.store.meta.rows
  const sums = sizes.map((size) => new Float64Array(size))
  const squares = new Float64Array(sizes.length)
  const pairs = sizes
    .flatMap((_, i) => sizes.slice(i).map((_, k) => [i, i + k] as const))
    .filter(([i, j]) => own || i < j)
  const products = new Map(pairs.map(([i, j]) => [`${i} ${j}`, new Float64Array(sizes[i]! * sizes[j]!)]))
  let documents = 0
  for await (const block of jointBlocks(members, work, most < of ? { takes: rowSample(of, most) } : {})) {
    const wide = block.vectors.map((vectors, i): Matrix<Float64Array> => {
      return { data: new Float64Array(vectors), rows: block.rows, columns: sizes[i]! }
    })
    for (const [i, matrix] of wide.entries()) squares[i] = squares[i]! + addRows(sums[i]!, matrix)
    for (const [i, j] of pairs) {
      const total = products.get(`${i} ${j}`)!
      const { data } = await product(wide[i]!, wide[j]!, 'first')
      for (let at = 0; at < data.length; at++) total[at] = total[at]! + data[at]!
    }
    documents += block.rows
    work.onProgress?.({ step: 'fit space fusion', done: documents, total: Math.min(most, of), unit: 'documents' })
  }
  if (documents === 0) throw new FieldtrialError('DATA_INVALID', 'There are no document vectors to fuse.')
  for (const total of products.values()) for (let at = 0; at < total.length; at++) total[at] = total[at]! / documents
  const nothing = squares.findIndex((sum) => !(sum > 0))
  if (nothing >= 0)
    throw new FieldtrialError('DATA_INVALID', `All document vectors of ${members[nothing]!.name} are zeros.`, {
      hint: 'Run `fieldtrial doctor` on its model.',
    })
  return {
    documents,
    of,
    sizes,
    means: sums.map((sum) => sum.map((x) => x / documents)),
    lengths: Array.from(squares, (sum) => Math.sqrt(sum / documents)),
    second(i, j) {
      if (i <= j) return { data: products.get(`${i} ${j}`)!, rows: sizes[i]!, columns: sizes[j]! }
      return transposed({ data: products.get(`${j} ${i}`)!, rows: sizes[j]!, columns: sizes[i]! })
    },
  }
}

/**
 * Adds all rows to a sum.
 *
 * @returns Sum of all squares.
 */
function addRows(sum: Float64Array, { data, columns }: Matrix<Float64Array>): number {
  let squares = 0
  for (let start = 0; start < data.length; start += columns)
    for (let i = 0; i < columns; i++) {
      const x = data[start + i]!
      sum[i] = sum[i]! + x
      squares += x * x
    }
  return squares
}

/**
 * One matrix out of the second moments of all members, each times its factor: of the vectors as if they stood one after the other.
 *
 * @param centred Around the means.
 */
export function joinedMoments(
  { sizes, means, second }: JointMoments,
  factors: readonly number[],
  centred: boolean,
): Matrix<Float64Array> {
  const size = sizes.reduce((sum, one) => sum + one, 0)
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, one) => sum + one, 0))
  const data = new Float64Array(size * size)
  for (let i = 0; i < sizes.length; i++)
    for (let j = 0; j < sizes.length; j++) {
      const block = second(i, j)
      const factor = factors[i]! * factors[j]!
      for (let r = 0; r < block.rows; r++)
        for (let c = 0; c < block.columns; c++) {
          const mean = centred ? means[i]![r]! * means[j]![c]! : 0
          data[(starts[i]! + r) * size + starts[j]! + c] = factor * (block.data[r * block.columns + c]! - mean)
        }
    }
  return symmetric(data, size)
}
