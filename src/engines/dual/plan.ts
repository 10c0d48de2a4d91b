import { FieldtrialError } from '../../core/errors.ts'
import type { Recipe } from '../../recipes/types.ts'
import { fixedSettings } from '../image/settings.ts'
import type { ModelFolder } from '../text/files.ts'
import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { DualPlan } from './items.ts'
import { dualShape } from './shape.ts'

/**
 * How a dual encoder is used; null for models of another kind.
 *
 * @throws FieldtrialError `RECIPE_INVALID` for another recipe, `MODEL_INVALID`.
 */
export function planDual(files: ModelFolder, recipe: Recipe, name: string): DualPlan | null {
  const shape = dualShape(files.config)
  if (shape === null) return null
  if (recipe.id !== 'dual-encoder')
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `${name} is a dual encoder; the recipe ${recipe.id} cannot be followed.`,
      {
        hint: 'Use the recipe dual-encoder.',
      },
    )
  if (files.imageConfig === null)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `${name} has no preprocessor_config.json, which says how images are read.`,
      {
        where: { file: files.transformer },
        hint: 'Copy the file from where the model comes from.',
      },
    )
  const pad = shape.family === 'siglip' ? files.specialTokens.pad : null
  if (shape.family === 'siglip' && pad === null)
    throw new FieldtrialError('MODEL_INVALID', `${name} names no padding token, with which SigLIP fills texts up.`, {
      where: { file: files.transformer },
      hint: 'Complete its tokenizer_config.json (pad_token).',
    })
  return { shape, settings: fixedSettings(files.imageConfig, shape.vision.side, name), pad }
}

/** @throws FieldtrialError `MODEL_INVALID` where the tokenizer is another model's. */
export function requireTokens(tokenizer: PromptTokenizer, { shape, pad }: DualPlan, file: string): void {
  const wrong =
    tokenizer.size > shape.text.vocabulary
      ? `it has token ids up to ${tokenizer.size - 1}, the model embeddings for 0 to ${shape.text.vocabulary - 1} only`
      : pad !== null && tokenizer.tokenId(pad) === null
        ? `it has no token ${pad}, with which texts are filled up`
        : null
  if (wrong === null) return
  throw new FieldtrialError('MODEL_INVALID', `${file} is not the tokenizer of this model: ${wrong}.`, {
    where: { file },
    hint: 'Fetch the model again: config.json, weights and tokenizer must come from one place.',
  })
}
