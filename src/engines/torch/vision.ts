import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import type { Recipe } from '../../recipes/types.ts'
import { decoderIdentity } from '../image/decode.ts'
import { gridSettings, type ImageSettings, type PixelBudget } from '../image/settings.ts'
import { gridSize, gridTokens } from '../image/sizes.ts'
import type { ModelFolder } from '../text/files.ts'
import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { ImageReading } from '../types.ts'
import type { VisionPlan } from './plan.ts'

/** Decoders whose image towers the worker runs. */
const FAMILIES: ReadonlySet<string> = new Set(['qwen2_vl', 'qwen2_5_vl', 'qwen3_vl'])
const PAD = '<|image_pad|>'
/** Enters the identity of vectors of images: raise it whenever the worker makes others of the same pixels. */
const VISION = 1

/**
 * How a model reads images; null where it is of no family that does here, or the recipe takes text only.
 *
 * @throws FieldtrialError `USAGE` for a pixel budget that would be without effect, `MODEL_INVALID`, `RECIPE_INVALID`.
 */
export function planVision(files: ModelFolder, recipe: Recipe, budget: PixelBudget, name: string): VisionPlan | null {
  const { config, imageConfig } = files
  if (!FAMILIES.has(String(config.model_type)) || imageConfig === null) refuseBudget(budget, name)
  if (!wouldSee(files, recipe) || imageConfig === null) return null
  const { vision_config: vision, image_token_id: pad } = config
  if (typeof pad !== 'number')
    throw new FieldtrialError('MODEL_INVALID', `config.json of ${name} has no image_token_id.`, {
      hint: 'Fetch the model again.',
    })
  return {
    settings: gridSettings(imageConfig, (vision ?? {}) as JsonObject, budget, name),
    placeholder: { text: `<|vision_start|>${PAD}<|vision_end|>`, pad },
  }
}

function wouldSee({ config }: ModelFolder, recipe: Recipe): boolean {
  return FAMILIES.has(String(config.model_type)) && recipe.imagePrompts !== null
}

/** Merges and fine-tunes often leave the file out; texts can be encoded without it. */
export function visionWarnings(files: ModelFolder, recipe: Recipe): string[] {
  if (!wouldSee(files, recipe) || files.imageConfig !== null) return []
  return ['no preprocessor_config.json beside the model, which says how images are read: it reads text only']
}

/** @throws FieldtrialError `USAGE` where a pixel budget is set that nothing would obey. */
function refuseBudget({ minPixels, maxPixels }: PixelBudget, name: string): void {
  if (minPixels === undefined && maxPixels === undefined) return
  throw new FieldtrialError(
    'USAGE',
    `minPixels and maxPixels are for models that read images of any size; ${name} does not.`,
    { where: { field: maxPixels === undefined ? 'minPixels' : 'maxPixels' }, hint: 'Remove them.' },
  )
}

export function imageReading({ settings }: VisionPlan): ImageReading {
  return {
    identity: imageIdentity(settings),
    tokens: (width, height) => gridTokens(gridSize({ width, height }, settings), settings),
  }
}

/** All that determines the pixels that a model sees of a file. */
function imageIdentity(settings: ImageSettings): Json {
  return {
    ...(settings as unknown as { readonly [key: string]: Json }),
    vision: VISION,
    decoder: { ...decoderIdentity() },
  }
}

/** @throws FieldtrialError `MODEL_INVALID` where the placeholder is not one token, or another than config.json says. */
export function requirePlaceholder(tokenizer: PromptTokenizer, { placeholder }: VisionPlan, file: string): void {
  const found = tokenizer.tokenId(PAD)
  if (found === placeholder.pad && tokenizer.isSpecial(found)) return
  throw new FieldtrialError(
    'MODEL_INVALID',
    `config.json gives ${placeholder.pad} as the token of images; in the tokenizer ${PAD} is ${found ?? 'absent'}.`,
    { where: { file }, hint: 'Fetch the model again: both must come from one place.' },
  )
}
