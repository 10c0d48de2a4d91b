import type { Recipe, Side } from '../../recipes/types.ts'

/** Room for a task instruction, whose length is known only when a collection is encoded. */
const TASK_TOKENS = 1024

/**
 * The most tokens that a prompt of a recipe can have: what its lengths allow, plus, where only the contents are limited, its fixed text (a
 * token covers a byte at least). Never more than the model's context.
 *
 * @param context The model's own limit; null if unknown.
 */
export function positionsNeeded(recipe: Recipe, context: number | null): number {
  const generated = recipe.generate?.maxTokens ?? 0
  const most = Math.max(...(['query', 'document'] as const).map((side) => longest(recipe, side))) + generated
  return Math.min(most, context ?? Number.POSITIVE_INFINITY)
}

function longest(recipe: Recipe, side: Side): number {
  const limit = recipe.maxLength[side]
  if (recipe.lengthOf === 'prompt') return limit
  const lengths = recipe.prompts[side].map(({ parts, end }) => {
    let tokens = end === null ? 1 : 2
    for (const part of parts)
      if (part.kind === 'literal') tokens += Buffer.byteLength(part.text)
      else tokens += part.kind === 'contents' ? limit : TASK_TOKENS
    return tokens
  })
  return Math.max(...lengths)
}
