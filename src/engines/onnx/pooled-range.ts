import type { Recipe } from '../../recipes/types.ts'
import type { PooledRange } from './pooling.ts'
import type { PromptTokens } from './tokenizer/prompt-tokenizer.ts'

/** Which tokens of a prompt are pooled. */
export function pooledRange(span: Recipe['span'], { ids, contents, fromContents }: PromptTokens): PooledRange {
  switch (span) {
    case 'all':
      return { start: 0, end: ids.length }
    case 'from-contents':
      return { start: fromContents, end: ids.length }
    case 'contents':
      // An empty text has no tokens of its own: the one before it stands for it, since a vector there must be.
      return contents.end > contents.start ? contents : { start: Math.max(0, contents.start - 1), end: contents.start }
  }
}
