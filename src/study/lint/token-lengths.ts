import { throwIfAborted } from '../../core/errors.ts'
import { Lengths } from '../../data/lint/index.ts'
import type { CountTokens, EncoderInfo } from '../../engines/types.ts'
import type { Side } from '../../recipes/types.ts'
import type { SideTokens } from './types.ts'

/** Counts tokens of texts. */
export function countSide(
  texts: readonly string[],
  of: number,
  side: Side,
  task: string,
  count: CountTokens,
  { recipe }: EncoderInfo,
  signal?: AbortSignal,
): SideTokens {
  const lengths = new Lengths()
  let truncated = 0
  for (const text of texts) {
    throwIfAborted(signal)
    const { tokens, cut } = count(text, side, task)
    lengths.add(tokens)
    if (cut > 0) truncated++
  }
  return { sampled: texts.length, of, tokens: lengths.distribution(), maxLength: recipe.maxLength[side], truncated }
}
