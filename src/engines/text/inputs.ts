import { FieldtrialError } from '../../core/errors.ts'
import type { EncoderInfo, EncoderInput, EncoderItem } from '../types.ts'

export function itemOf(input: EncoderInput): EncoderItem {
  return typeof input === 'string' ? { text: input } : input
}

/**
 * Inputs of an encoder that reads text only.
 *
 * @throws FieldtrialError `DATA_INVALID` where one is an image: its text alone would give a vector that looks like any other.
 */
export function requireTexts(
  inputs: readonly EncoderInput[],
  { model, recipe }: Pick<EncoderInfo, 'model' | 'recipe'>,
): readonly string[] {
  return inputs.map((input) => {
    if (typeof input === 'string') return input
    if (input.image === undefined) return input.text
    throw new FieldtrialError(
      'DATA_INVALID',
      `${nameOf(input)} is an image; ${model} with the recipe ${recipe.id} reads text only.`,
      { hint: 'Use a model that sees with a recipe that takes images: vision-chat, e5v, promptreps or dual-encoder.' },
    )
  })
}

/** How a message names an input. */
export function nameOf({ id, image }: EncoderItem): string {
  const file = image?.path ?? null
  if (id === undefined) return file === null ? 'An item' : `The picture ${file}`
  return file === null ? `The item ${JSON.stringify(id)}` : `The picture ${file} of ${JSON.stringify(id)}`
}
