import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { type Matrix, product } from '../../index/postprocess/algebra/product.ts'
import { jointBlocks, type MemberSpace } from './members.ts'

/** First and second moments of several spaces over the same documents, in float64. */
export interface JointMoments {
  readonly documents: number
  readonly sizes: readonly number[]
  /** Mean vector of each member. */
  readonly means: readonly Float64Array[]
  /** Root mean square length of each member's vectors. */
  readonly lengths: readonly number[]
  /** Mean of xᵢᵀxⱼ, dᵢ × dⱼ, not centred. */
  second(i: number, j: number): Matrix<Float64Array>
}

/**
 * One pass over all members: sums of products, in float64, a block at a time.
 *
 * @throws FieldtrialError `DATA_INVALID` without documents or for a member whose vectors are all zeros; as `jointBlocks`.
 */
export async function jointMoments(members: readonly MemberSpace[], work: LongWork): Promise<JointMoments> {
  const sizes = members.map(({ store }) => store.meta.dimension)
  const sums = sizes.map((size) => new Float64Array(size))
  const pairs = sizes.flatMap((_, i) => sizes.slice(i).map((_, k) => [i, i + k] as const))
  const products = new Map(pairs.map(([i, j]) => [`${i} ${j}`, new Float64Array(sizes[i]! * sizes[j]!)]))
  let documents = 0
  for await (const block of jointBlocks(members, work)) {
    const wide = block.vectors.map((vectors, i): Matrix<Float64Array> => {
      return { data: Float64Array.from(vectors), rows: block.rows, columns: sizes[i]! }
    })
    for (const [i, { data }] of wide.entries()) {
      const [sum, size] = [sums[i]!, sizes[i]!]
      for (let at = 0; at < data.length; at++) sum[at % size] = sum[at % size]! + data[at]!
    }
    for (const [i, j] of pairs) {
      const total = products.get(`${i} ${j}`)!
      const { data } = await product(wide[i]!, wide[j]!, 'first')
      for (let at = 0; at < data.length; at++) total[at] = total[at]! + data[at]!
    }
    documents += block.rows
    work.onProgress?.({
      step: 'fit space fusion',
      done: documents,
      total: members[0]!.store.meta.rows,
      unit: 'documents',
    })
  }
  if (documents === 0) throw new FieldtrialError('DATA_INVALID', 'There are no document vectors to fuse.')
  for (const total of products.values()) for (let at = 0; at < total.length; at++) total[at] = total[at]! / documents
  const lengths = sizes.map((size, i) => {
    const own = products.get(`${i} ${i}`)!
    let trace = 0
    for (let k = 0; k < size; k++) trace += own[k * size + k]!
    if (!(trace > 0))
      throw new FieldtrialError('DATA_INVALID', `All document vectors of ${members[i]!.name} are zeros.`, {
        hint: 'Run `fieldtrial doctor` on its model.',
      })
    return Math.sqrt(trace)
  })
  return {
    documents,
    sizes,
    means: sums.map((sum) => sum.map((x) => x / documents)),
    lengths,
    second(i, j) {
      if (i <= j) return { data: products.get(`${i} ${j}`)!, rows: sizes[i]!, columns: sizes[j]! }
      return transposed({ data: products.get(`${j} ${i}`)!, rows: sizes[j]!, columns: sizes[i]! })
    },
  }
}

function transposed({ data, rows, columns }: Matrix<Float64Array>): Matrix<Float64Array> {
  const out = new Float64Array(data.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!
  return { data: out, rows: columns, columns: rows }
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
  // Products of a matrix with itself are symmetric but for rounding; decompositions want them exactly so.
  for (let r = 0; r < size; r++)
    for (let c = 0; c < r; c++) {
      const value = (data[r * size + c]! + data[c * size + r]!) / 2
      data[r * size + c] = value
      data[c * size + r] = value
    }
  return { data, rows: size, columns: size }
}
