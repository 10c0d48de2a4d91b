import { buildRecipe, textPrompt } from './build.ts'
import { requireDecoder, requireEos } from './parameters.ts'
import { templateParts } from './template.ts'
import type { RecipeDefinition } from './types.ts'

/**
 * The state of the last token, by default an end-of-sequence token put behind the text, as RepLLaMA has it (Ma et al. 2023,
 * arXiv:2310.08319; Tevatron's `--pooling last --append_eos_token` with its prefixes). The study of specialised LLMs fine-tunes with
 * `Query:` and `Passage:`; set `prompts` for these.
 */
export const lastToken: RecipeDefinition = {
  id: 'last-token',
  source: 'RepLLaMA, Ma et al. 2023, arXiv:2310.08319; Tevatron',
  summary: 'the last token’s state, with an end-of-sequence token behind the text',
  parameters: ['prompts', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize', 'eos'],
  resolve(facts, parameters) {
    requireDecoder('last-token', facts)
    const end = (parameters.eos ?? true) ? requireEos('last-token', facts) : null
    const { query = 'query: ', document = 'passage: ' } = parameters.prompts ?? {}
    return buildRecipe(facts, parameters, {
      id: 'last-token',
      source: lastToken.source,
      prompts: {
        query: [textPrompt(templateParts(query), end)],
        document: [textPrompt(templateParts(document), end)],
      },
      pooling: ['lasttoken'],
    })
  },
}
