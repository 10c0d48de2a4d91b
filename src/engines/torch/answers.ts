import { FieldtrialError } from '../../core/errors.ts'
import type { SparseHalf } from '../text/sparse-half.ts'
import type { TextVectors } from '../text/text-vectors.ts'
import type { TorchPlan } from './plan.ts'
import type { Slice } from './slices.ts'

/**
 * Takes a worker's answer apart (see `EncodeRequest.out`).
 *
 * @throws FieldtrialError `ENGINE_FAILED` where it is not as long as it must be, or holds what is no number.
 */
export function readAnswer(
  bytes: Uint8Array<ArrayBuffer>,
  width: number,
  slice: Slice,
  plan: TorchPlan,
  vocabulary: number,
  vectors: Pick<TextVectors, 'add'>,
  sparse: SparseHalf | null,
): void {
  const { items, words } = slice
  const fallback = Math.min(plan.recipe.sparse?.fallbackTerms ?? 0, vocabulary)
  const sizes = words?.map(({ length }) => (length > 0 ? length * 4 : fallback * 8)) ?? []
  const expected = items.length * width * 4 + sizes.reduce((sum, size) => sum + size, 0)
  if (bytes.length !== expected)
    throw new FieldtrialError(
      'ENGINE_FAILED',
      `The PyTorch worker wrote ${bytes.length} bytes for ${items.length} prompts; ${expected} were expected.`,
      { hint: 'Look for room in the folder for temporary files (TMPDIR), and run the same command again.' },
    )
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, items.length * width)
  if (plan.dtype === 'float16' && numbers.some((x) => !Number.isFinite(x)))
    throw new FieldtrialError('ENGINE_FAILED', 'float16 overflows in this model: vectors hold what is no number.', {
      hint: 'Use dtype bfloat16, which takes the same memory, or float32.',
    })
  for (const [row, { text }] of items.entries()) vectors.add(text, numbers.subarray(row * width, (row + 1) * width))
  if (sparse === null || words === null) return
  let at = bytes.byteOffset + numbers.byteLength
  for (const [row, { text }] of items.entries()) {
    const own = words[row]!
    if (own.length > 0) sparse.addScores(text, own, new Float32Array(bytes.buffer, at, own.length), true)
    else {
      const ids = new Int32Array(bytes.buffer, at, fallback)
      sparse.addScores(text, ids, new Float32Array(bytes.buffer, at + fallback * 4, fallback), false)
    }
    at += sizes[row]!
  }
}
