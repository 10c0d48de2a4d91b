import type { Recipe } from '../../recipes/types.ts'
import type { PromptTokens } from './tokenizer/prompt-tokenizer.ts'

/** The tokens that take part, from `start` to before `end`; weights by position still count from the start of the text. */
export interface PooledRange {
  readonly start: number
  readonly end: number
}

/** Which tokens of a prompt are pooled. Where none is left (an empty text at the end), the last one stands for it: a vector there must be. */
export function pooledRange(span: Recipe['span'], { ids, contents, fromContents }: PromptTokens): PooledRange {
  const first = { all: 0, 'from-contents': contents.start, 'after-prompt': fromContents }[span]
  return { start: Math.max(0, Math.min(first, ids.length - 1)), end: ids.length }
}
