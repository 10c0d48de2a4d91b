import { FieldtrialError } from '../../core/errors.ts'
import type { TextPlan } from '../../engines/text/plan.ts'

/** @throws FieldtrialError `RECIPE_INVALID` for recipes that cannot be trained as they are. */
export function requireTrainable({ recipe, head }: Pick<TextPlan, 'recipe' | 'head'>, model: string): void {
  const refuse = (what: string, hint: string) => {
    throw new FieldtrialError('RECIPE_INVALID', `The recipe ${recipe.id} on ${model} cannot be trained: ${what}.`, {
      hint,
    })
  }
  const all = [recipe.prompts, recipe.imagePrompts, recipe.mixedPrompts]
  if (all.some((prompts) => prompts && (prompts.query.length > 1 || prompts.document.length > 1)))
    refuse('it averages several prompts', 'Use a recipe with one prompt for each side, such as prompteol.')
  if (recipe.generate !== null) refuse('it decodes tokens', 'Leave generateTokens out.')
  if (head.some((step) => step.kind === 'dense'))
    refuse('the model has dense layers behind its pooling', 'Train a model without, or set a recipe such as mean.')
}
