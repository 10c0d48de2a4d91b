import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { readIfThere } from '../../core/read-if-there.ts'
import type { Prompt, Recipe, RecipeParameters, Side } from '../../recipes/types.ts'

/** Beside a graph that `fieldtrial export --to onnx` wrote: the recipe that is built into it. */
export const EXPORTED_RECIPE = 'recipe.json'

interface Exported {
  readonly recipe: Recipe
  /** Instruction for prompts that hold one; null: that of the collection. */
  readonly task: string | null
}

/**
 * The recipe of a graph that was exported here. Layer, pooling and normalisation are in the graph; prompts, the token at the end and the length
 * are not, and without them its vectors would be others than those of the model.
 *
 * @param asked The recipe that the user named; `sentence-transformers` means what the model's own files say.
 * @returns null where the folder has no such file.
 * @throws FieldtrialError `MODEL_INVALID` for a broken file, `RECIPE_INVALID` where something else is asked than what the graph was written for.
 */
export async function exportedRecipe(
  folder: string,
  asked: string,
  { maxLength, ...others }: RecipeParameters,
): Promise<Recipe | null> {
  const exported = await read(join(folder, EXPORTED_RECIPE))
  if (exported === null) return null
  const { recipe, task } = exported
  const refuse = (what: string, hint: string) => new FieldtrialError('RECIPE_INVALID', `${folder} ${what}.`, { hint })
  const built = `is an ONNX graph that was exported with the recipe ${recipe.id}`
  if (asked !== 'sentence-transformers' && asked !== recipe.id)
    throw refuse(
      `${built}, and cannot be used with ${asked}`,
      'Name no recipe, or export the model again with that one.',
    )
  const changed = Object.entries(others).find(([, value]) => value !== undefined)?.[0]
  if (changed !== undefined)
    throw refuse(
      `${built}; its ${changed} cannot be changed`,
      `Leave ${changed} out, or export the model again with it.`,
    )
  const lengths = typeof maxLength === 'number' ? { query: maxLength, document: maxLength } : maxLength
  for (const side of ['query', 'document'] as const)
    if ((lengths?.[side] ?? 0) > recipe.maxLength[side])
      throw refuse(`${built}, which takes ${recipe.maxLength[side]} tokens of a ${side}`, 'Lower maxLength.')
  return {
    ...recipe,
    maxLength: { ...recipe.maxLength, ...lengths },
    prompts: { query: recipe.prompts.query.map(withTask(task)), document: recipe.prompts.document.map(withTask(task)) },
  }
}

function withTask(task: string | null): (prompt: Prompt) => Prompt {
  return (prompt) => ({
    ...prompt,
    parts: prompt.parts.map((part) => (part.kind === 'task' && task !== null ? { kind: 'literal', text: task } : part)),
  })
}

async function read(file: string): Promise<Exported | null> {
  const fault = (what: string) =>
    new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, { where: { file }, hint: 'Export the model again.' })
  const text = await readIfThere(file)
  if (text === null) return null
  let value: Partial<Exported>
  try {
    value = JSON.parse(text) as Partial<Exported>
  } catch {
    throw fault('is not JSON')
  }
  const { recipe, task = null } = value ?? {}
  // Another program's file of the same name.
  if (recipe === undefined) return null
  const sides: readonly Side[] = ['query', 'document']
  const whole =
    typeof recipe.id === 'string' &&
    Array.isArray(recipe.pooling) &&
    sides.every((side) => Array.isArray(recipe.prompts?.[side]) && Number.isInteger(recipe.maxLength?.[side]))
  if (!whole) throw fault('holds no recipe of `fieldtrial export`')
  return { recipe: recipe as Recipe, task }
}
