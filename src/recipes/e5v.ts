import { buildRecipe, chatPrompt } from './build.ts'
import { chatParts } from './chat-layout.ts'
import { requireDecoder } from './parameters.ts'
import type { ModelFacts, PromptPart, RecipeDefinition } from './types.ts'
import { seesImages } from './vision.ts'

const TEXT: readonly PromptPart[] = [
  { kind: 'contents' },
  { kind: 'literal', text: '\nSummary above sentence in one word: ' },
]
const IMAGE: readonly PromptPart[] = [
  { kind: 'image' },
  { kind: 'literal', text: '\nSummary above image in one word: ' },
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
      imagePrompts: imagePrompts(facts, () => prompt(IMAGE)),
      pooling: ['lasttoken'],
    })
  },
}

function imagePrompts(facts: ModelFacts, make: () => ReturnType<typeof chatPrompt>) {
  return seesImages(facts) ? { query: [make()], document: [make()] } : null
}
