import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { dualEncoder } from './dual-encoder.ts'
import { e5v } from './e5v.ts'
import { echo } from './echo.ts'
import { instruct } from './instruct.ts'
import { lastToken } from './last-token.ts'
import { llm2vec } from './llm2vec.ts'
import { mean, weightedMean } from './mean.ts'
import { metaeol } from './metaeol.ts'
import { requireKnownParameters } from './parameters.ts'
import { prompteol } from './prompteol.ts'
import { promptreps } from './promptreps.ts'
import { sentenceTransformers } from './sentence-transformers.ts'
import type { ModelFacts, RecipeDefinition, RecipeParameters, ResolvedRecipe } from './types.ts'
import { visionChat } from './vision-chat.ts'

export { instructPrompts } from './instruct.ts'
export { GENERIC_TASK, taskInstruction } from './tasks/index.ts'
export { describePrompt } from './template.ts'
export type * from './types.ts'

/** All recipes, the default first. */
export const RECIPES: readonly RecipeDefinition[] = [
  sentenceTransformers,
  promptreps,
  lastToken,
  mean,
  weightedMean,
  prompteol,
  metaeol,
  echo,
  instruct,
  llm2vec,
  e5v,
  visionChat,
  dualEncoder,
]

/** @throws FieldtrialError `RECIPE_INVALID` for an unknown id. */
export function recipeDefinition(id: string): RecipeDefinition {
  const definition = RECIPES.find((recipe) => recipe.id === id)
  if (definition) return definition
  const ids = RECIPES.map((recipe) => recipe.id)
  throw new FieldtrialError('RECIPE_INVALID', `There is no recipe ${JSON.stringify(id)}.`, {
    hint: didYouMean(id, ids),
  })
}

/**
 * A recipe for a model, with nothing left to defaults. Pure: facts in, recipe out.
 *
 * @throws FieldtrialError `RECIPE_INVALID` for an unknown recipe, a parameter that it does not take, or a model that it cannot be
 *   followed with; `MODEL_INVALID` where the model's own files contradict each other.
 */
export function resolveRecipe(id: string, parameters: RecipeParameters, facts: ModelFacts): ResolvedRecipe {
  const definition = recipeDefinition(id)
  requireKnownParameters(definition, parameters, facts)
  return definition.resolve(facts, parameters)
}
