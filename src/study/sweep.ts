import type { RecipeInput } from './schema-recipes.ts'

/** One combination of a sweep's values. */
export interface SweptRecipe {
  /** The recipe with the combination's values in place, and no sweep. */
  readonly input: RecipeInput
  /** Names of the parameters that are swept over. */
  readonly swept: readonly string[]
}

/** Every combination of a recipe's `sweep`, the last list varying fastest; the recipe itself where it has none. */
export function expandSweep(recipe: RecipeInput): SweptRecipe[] {
  const { sweep, ...rest } = recipe
  const axes = Object.entries(sweep ?? {}).filter(([, values]) => values !== undefined) as [string, unknown[]][]
  let combinations: Record<string, unknown>[] = [{}]
  for (const [name, values] of axes)
    combinations = combinations.flatMap((combination) => values.map((value) => ({ ...combination, [name]: value })))
  const swept = axes.map(([name]) => name)
  return combinations.map((combination) => ({ input: { ...rest, ...combination } as RecipeInput, swept }))
}
