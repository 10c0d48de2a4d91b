import { prepareContents } from '../../recipes/contents.ts'
import type { Pooling, Recipe, Side } from '../../recipes/types.ts'
import type { EncoderInput, PromptPreview } from '../types.ts'
import { requireTexts } from './inputs.ts'
import type { TextPlan } from './plan.ts'
import { type PooledRange, pooledRange } from './pooled-range.ts'
import { PromptTokenizer, type PromptTokens } from './tokenizer/prompt-tokenizer.ts'

/**
 * The prompts of one text as the model gets them. The tokenizer is loaded, the model is not.
 *
 * @throws FieldtrialError `DATA_INVALID` for an image.
 */
export async function previewPrompts(
  plan: TextPlan,
  input: EncoderInput,
  side: Side,
  task: string,
): Promise<PromptPreview[]> {
  const { prompts, contents, maxLength, lengthOf } = plan.recipe
  const [text] = requireTexts([input], { model: plan.folder, recipe: plan.recipe })
  const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
  const prepared = prepareContents(contents, text!)
  return prompts[side].map((prompt) => {
    const tokens = tokenizer.encode(prompt, prepared, task, { maxLength: maxLength[side], lengthOf })
    return previewOf(tokens, tokenizer, plan.recipe)
  })
}

/** Tokens as people read them. */
export function previewOf(tokens: PromptTokens, tokenizer: PromptTokenizer, { pooling, span }: Recipe): PromptPreview {
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
}

function isPooled(poolings: readonly Pooling[], { start, end }: PooledRange, at: number): boolean {
  return poolings.some((pooling) => {
    if (pooling === 'lasttoken') return at === end - 1
    if (pooling === 'cls') return at === start
    return at >= start && at < end
  })
}
