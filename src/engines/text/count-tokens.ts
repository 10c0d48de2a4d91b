import { prepareContents } from '../../recipes/contents.ts'
import type { Side } from '../../recipes/types.ts'
import type { CountTokens } from '../types.ts'
import type { TextPlan } from './plan.ts'
import { PromptTokenizer } from './tokenizer/prompt-tokenizer.ts'

/** Counts tokens of texts under the recipe's prompts. The tokenizer is loaded, the model is not. */
export async function tokenCounter(plan: TextPlan): Promise<CountTokens> {
  const { prompts, contents, maxLength, lengthOf } = plan.recipe
  const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
  return (text: string, side: Side, task: string) => {
    const prepared = prepareContents(contents, text)
    let most = { tokens: 0, cut: 0 }
    for (const prompt of prompts[side]) {
      const { ids, cutTokens } = tokenizer.encode(prompt, prepared, task, { maxLength: maxLength[side], lengthOf })
      const tokens = ids.length + cutTokens
      if (tokens > most.tokens) most = { tokens, cut: cutTokens }
    }
    return most
  }
}
