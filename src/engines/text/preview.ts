import { prepareContents } from '../../recipes/contents.ts'
import type { Pooling, Side } from '../../recipes/types.ts'
import type { PromptPreview } from '../types.ts'
import type { TextPlan } from './plan.ts'
import { type PooledRange, pooledRange } from './pooled-range.ts'
import { PromptTokenizer } from './tokenizer/prompt-tokenizer.ts'

/** The prompts of one text as the model gets them. The tokenizer is loaded, the model is not. */
export async function previewPrompts(plan: TextPlan, text: string, side: Side, task: string): Promise<PromptPreview[]> {
  const { prompts, contents, maxLength, lengthOf, pooling, span } = plan.recipe
  const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
  const prepared = prepareContents(contents, text)
  return prompts[side].map((prompt) => {
    const tokens = tokenizer.encode(prompt, prepared, task, { maxLength: maxLength[side], lengthOf })
    const range = pooledRange(span, tokens)
    const pieces = tokenizer.tokensOf(tokens.ids)
    return {
      tokens: tokens.ids.map((id, at) => ({
        id,
        piece: pieces[at]!,
        pooled: isPooled(pooling, range, at),
        contents: at >= tokens.contents.start && at < tokens.contents.end,
      })),
      truncated: tokens.truncated,
      cutTokens: tokens.cutTokens,
    }
  })
}

function isPooled(poolings: readonly Pooling[], { start, end }: PooledRange, at: number): boolean {
  return poolings.some((pooling) => {
    if (pooling === 'lasttoken') return at === end - 1
    if (pooling === 'cls') return at === start
    return at >= start && at < end
  })
}
