import { buildRecipe, chatPrompt } from './build.ts'
import { chatParts } from './chat-layout.ts'
import { requireDecoder } from './parameters.ts'
import type { Prompt, PromptPart, RecipeDefinition } from './types.ts'
import { seesImages } from './vision.ts'

const TEXT: readonly PromptPart[] = [
  { kind: 'contents' },
  { kind: 'literal', text: '\nSummary above sentence in one word: ' },
]
const IMAGE: readonly PromptPart[] = [
  { kind: 'image' },
  { kind: 'literal', text: '\nSummary above image in one word: ' },
]
/** E5-V was not made for both at once; this is LamRA's wording (Liu et al. 2024, arXiv:2412.01720), which took the idea over. */
const MIXED: readonly PromptPart[] = [
  { kind: 'image' },
  { kind: 'contents' },
  { kind: 'literal', text: '\nSummarize above image and sentence in one word: ' },
]

/**
 * E5-V (Jiang et al. 2024, arXiv:2407.12580): text and images are each summarised in one word, in one space, after training on text alone.
 * Needs a vision-language model for images; any chat model takes its text form.
 */
export const e5v: RecipeDefinition = {
  id: 'e5v',
  source: 'E5-V, Jiang et al. 2024, arXiv:2407.12580',
  summary: 'text or image summarised in one word by a chat model',
  parameters: ['system', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize'],
  resolve(facts, parameters) {
    requireDecoder('e5v', facts)
    const { system = 'default' } = parameters
    const prompt = (user: readonly PromptPart[]) =>
      chatPrompt(chatParts(facts, { system, user, assistant: 'open' }), 'text')
    return buildRecipe(facts, parameters, {
      id: 'e5v',
      source: e5v.source,
      prompts: { query: [prompt(TEXT)], document: [prompt(TEXT)] },
      ...(seesImages(facts)
        ? { imagePrompts: onBothSides(prompt(IMAGE)), mixedPrompts: onBothSides(prompt(MIXED)) }
        : {}),
      pooling: ['lasttoken'],
    })
  },
}

function onBothSides(prompt: Prompt) {
  return { query: [prompt], document: [prompt] }
}
