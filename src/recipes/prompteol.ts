import { buildRecipe, textPrompt } from './build.ts'
import { requireDecoder } from './parameters.ts'
import { templateParts } from './template.ts'
import type { RecipeDefinition } from './types.ts'

const TEMPLATE = 'This sentence : "{text}" means in one word:"'

/** PromptEOL (Jiang et al. 2023, arXiv:2307.16645; github.com/kongds/scaling_sentemb): the state from which the one word would come. No chat. */
export const prompteol: RecipeDefinition = {
  id: 'prompteol',
  source: 'PromptEOL, Jiang et al. 2023, arXiv:2307.16645',
  summary: 'a sentence to be completed by one word, without chat turns',
  parameters: ['prompts', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize'],
  resolve(facts, parameters) {
    requireDecoder('prompteol', facts)
    const { query = TEMPLATE, document = TEMPLATE } = parameters.prompts ?? {}
    return buildRecipe(facts, parameters, {
      id: 'prompteol',
      source: prompteol.source,
      prompts: { query: [textPrompt(templateParts(query))], document: [textPrompt(templateParts(document))] },
      contents: 'sentence',
      pooling: ['lasttoken'],
    })
  },
}
