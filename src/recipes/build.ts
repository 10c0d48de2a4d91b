import { resolveLayer, resolveLengths } from './parameters.ts'
import type { ModelFacts, Pooling, Prompt, Recipe, RecipeParameters, ResolvedRecipe, Side } from './types.ts'

/** What a recipe says of itself; the rest is the same for all that pool token states of one pass. */
export interface RecipeParts {
  readonly id: string
  readonly source: string
  readonly prompts: Recipe['prompts']
  readonly imagePrompts?: Recipe['imagePrompts']
  readonly mixedPrompts?: Recipe['mixedPrompts']
  readonly contents?: Recipe['contents']
  readonly pooling: readonly Pooling[]
  readonly span?: Recipe['span']
  readonly attention?: Recipe['attention']
  readonly lengthOf?: Recipe['lengthOf']
  readonly lengths?: Readonly<Record<Side, number>>
  readonly sparse?: Recipe['sparse']
  readonly generate?: Recipe['generate']
  readonly warnings?: readonly string[]
}

/** Tokens that most work on dense retrieval keeps: BEIR's, CoIR's and PromptReps' own evaluations. */
const LENGTH = 512

export function buildRecipe(facts: ModelFacts, parameters: RecipeParameters, parts: RecipeParts): ResolvedRecipe {
  const { pooling, attention, maxLength, normalize } = parameters
  const recipe: Recipe = {
    id: parts.id,
    source: parts.source,
    prompts: parts.prompts,
    imagePrompts: parts.imagePrompts ?? null,
    ...(parts.mixedPrompts === undefined ? {} : { mixedPrompts: parts.mixedPrompts }),
    contents: parts.contents ?? 'as-is',
    pooling: pooling === undefined ? parts.pooling : typeof pooling === 'string' ? [pooling] : pooling,
    span: parts.span ?? 'all',
    ...resolveLayer(facts, parameters),
    attention: attention ?? parts.attention ?? 'model',
    maxLength: resolveLengths(facts, maxLength, parts.lengths ?? { query: LENGTH, document: LENGTH }),
    lengthOf: parts.lengthOf ?? 'prompt',
    sparse: parts.sparse ?? null,
    generate: parts.generate ?? null,
    normalize: normalize ?? true,
    similarity: normalize === false ? 'dot' : 'cosine',
  }
  return { recipe, head: [], warnings: parts.warnings ?? [] }
}

/** A prompt that is tokenised as one text, with the tokenizer's own special tokens around and perhaps one at its end. */
export function textPrompt(parts: Prompt['parts'], end: string | null = null): Prompt {
  return { parts, join: 'text', addSpecialTokens: true, end }
}

/** A chat prompt: its text names all special tokens itself. */
export function chatPrompt(parts: Prompt['parts'], join: Prompt['join'], end: string | null = null): Prompt {
  return { parts, join, addSpecialTokens: false, end }
}
