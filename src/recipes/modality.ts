import { FieldtrialError } from '../core/errors.ts'
import type { Prompt, Recipe, Side } from './types.ts'

/** What an item holds. */
export interface Held {
  readonly text: string
  readonly image?: unknown
}

/**
 * The prompts for an item: for a text, an image, or an image with a text.
 *
 * @throws FieldtrialError `RECIPE_INVALID` for an image where the recipe, on this model, has no prompt for it.
 */
export function promptsOf(recipe: Recipe, side: Side, { text, image }: Held): readonly Prompt[] {
  if (image === undefined) return recipe.prompts[side]
  if (recipe.imagePrompts === null)
    throw new FieldtrialError('RECIPE_INVALID', `The recipe ${recipe.id} takes no images.`, {
      hint: 'Use vision-chat, e5v or promptreps with a vision-language model, or dual-encoder with CLIP or SigLIP.',
    })
  if (text.trim() === '') return recipe.imagePrompts[side]
  return recipe.mixedPrompts?.[side] ?? recipe.imagePrompts[side]
}
