import { FieldtrialError } from '../core/errors.ts'
import { buildRecipe, textPrompt } from './build.ts'
import { templateParts } from './template.ts'
import type { ModelFacts, Prompt, Recipe, RecipeDefinition } from './types.ts'

/** Values of `model_type` of models with a tower for texts and one for images. */
const FAMILIES: Readonly<Record<string, string>> = {
  clip: 'CLIP, Radford et al. 2021, arXiv:2103.00020',
  siglip: 'SigLIP, Zhai et al. 2023, arXiv:2303.15343; SigLIP 2, Tschannen et al. 2025, arXiv:2502.14786',
}

export function isDualEncoder({ architecture }: Pick<ModelFacts, 'architecture'>): boolean {
  return architecture in FAMILIES
}

const IMAGE: Prompt = { parts: [{ kind: 'image' }], join: 'text', addSpecialTokens: false, end: null }

/**
 * Two towers that were trained to put a picture and its caption at one place. A text goes through the one, an image through the other; an
 * item that has both gets the sum of the two vectors, each of length 1 (score fusion, UniIR, Wei et al. 2023, arXiv:2311.17136).
 */
export const dualEncoder: RecipeDefinition = {
  id: 'dual-encoder',
  source: 'CLIP, Radford et al. 2021, arXiv:2103.00020; SigLIP, Zhai et al. 2023, arXiv:2303.15343',
  summary: 'texts and images in one space by the two towers of CLIP or SigLIP',
  parameters: ['prompts', 'maxLength'],
  resolve(facts, parameters) {
    const source = FAMILIES[facts.architecture]
    if (source === undefined)
      throw new FieldtrialError(
        'RECIPE_INVALID',
        `The recipe dual-encoder is for CLIP and SigLIP; ${facts.name} is a model of the type ${facts.architecture}.`,
        { hint: 'Use vision-chat, e5v or promptreps for vision-language models, another recipe for texts.' },
      )
    const end = facts.architecture === 'siglip' ? facts.tokens.eos : null
    const prompt = (template = '') => textPrompt(templateParts(template), end)
    const context = facts.context ?? Number.POSITIVE_INFINITY
    return buildRecipe(facts, parameters, {
      id: 'dual-encoder',
      source,
      prompts: {
        query: [prompt(parameters.prompts?.query)],
        document: [prompt(parameters.prompts?.document)],
      },
      imagePrompts: { query: [IMAGE], document: [IMAGE] },
      contents: contentsRule(facts),
      pooling: ['lasttoken'],
      lengths: { query: context, document: context },
    })
  },
}

/** What SigLIP's own tokenizers do to a text before they cut it, and tokenizer.json may not say. */
function contentsRule({ architecture, files }: ModelFacts): Recipe['contents'] {
  if (architecture !== 'siglip') return 'as-is'
  return /gemma|siglip2/i.test(String(files.tokenizerConfig?.tokenizer_class)) ? 'lower-case' : 'bare-words'
}
