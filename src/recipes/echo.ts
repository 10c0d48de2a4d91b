import { buildRecipe } from './build.ts'
import { requireDecoder, requireEos } from './parameters.ts'
import { templateParts } from './template.ts'
import type { Prompt, RecipeDefinition } from './types.ts'

const QUERY = 'Instruct:{task},\nQuery:{text}\nQuery again:{text}'
const DOCUMENT = 'Document:{text}\nDocument again:{text}'
/** Tokens kept of each copy, as in the method's own evaluation. */
const LENGTH = 300

/**
 * Echo embeddings (Springer et al. 2024, arXiv:2402.15449; github.com/jakespringer/echo-embeddings): the text stands twice, and only the
 * second copy, whose tokens have all seen the whole text, is pooled, the end-of-sequence token with it. Each copy is cut by itself.
 */
export const echo: RecipeDefinition = {
  id: 'echo',
  source: 'Echo embeddings, Springer et al. 2024, arXiv:2402.15449',
  summary: 'the text twice, the second copy pooled; twice the cost',
  parameters: ['prompts', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize', 'eos'],
  resolve(facts, parameters) {
    requireDecoder('echo', facts)
    const end = (parameters.eos ?? true) ? requireEos('echo', facts) : null
    const { query = QUERY, document = DOCUMENT } = parameters.prompts ?? {}
    const prompt = (template: string): Prompt => ({
      parts: templateParts(template),
      join: 'tokens',
      addSpecialTokens: true,
      end,
    })
    return buildRecipe(facts, parameters, {
      id: 'echo',
      source: echo.source,
      prompts: { query: [prompt(query)], document: [prompt(document)] },
      pooling: ['mean'],
      span: 'from-contents',
      lengthOf: 'contents',
      lengths: { query: LENGTH, document: LENGTH },
    })
  },
}
