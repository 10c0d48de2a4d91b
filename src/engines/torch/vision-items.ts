import { FieldtrialError } from '../../core/errors.ts'
import { prepareContents } from '../../recipes/contents.ts'
import { promptsOf } from '../../recipes/modality.ts'
import type { Side } from '../../recipes/types.ts'
import { ahead } from '../image/ahead.ts'
import { type ExpandedTokens, expandPlaceholder } from '../image/placeholder.ts'
import { type PixelImage, prepareImage } from '../image/prepare-image.ts'
import { gridTokens, type Size } from '../image/sizes.ts'
import { nameOf } from '../text/inputs.ts'
import { type Item, itemsOfText } from '../text/items.ts'
import type { TextPlan } from '../text/plan.ts'
import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { EncoderItem } from '../types.ts'
import type { VisionPlan } from './plan.ts'

type Positions = TextPlan & { readonly positions: number | null }

/** A prompt that may hold a picture. */
export interface VisionItem extends Item {
  readonly image?: PixelImage & {
    /** Where its tokens begin. */
    readonly offset: number
  }
}

/** Pictures that are read and decoded while others are encoded. */
const AHEAD = 4

/**
 * The prompts of texts, images and images with text, in tokens. Lazy: a picture is read shortly before its turn.
 *
 * The recipe's maximum length bounds text; a picture counts as one token there, and is never cut: its size is bounded by the pixel budget.
 *
 * @throws FieldtrialError `DATA_INVALID` naming a picture that cannot be read or does not fit, and as `itemsOf`.
 */
export async function* visionItemsOf(
  plan: Positions,
  vision: VisionPlan,
  tokenizer: PromptTokenizer,
  inputs: readonly EncoderItem[],
  side: Side,
  task: string,
): AsyncGenerator<VisionItem> {
  const read = async (input: EncoderItem) =>
    input.image === undefined ? null : prepareImage(input.image, vision.settings, nameOf(input))
  let text = 0
  for await (const image of ahead(inputs, AHEAD, read)) {
    const input = inputs[text]!
    if (image === null) {
      const place = { text, of: inputs.length, given: input.text }
      yield* itemsOfText(plan, tokenizer, place, side, task, plan.positions)
    } else {
      for (const { offset, ...tokens } of picturePrompts(plan, vision, tokenizer, input, image, side, task))
        yield { text, ...tokens, image: { ...image, offset } }
    }
    text++
  }
}

/**
 * The prompts of a picture, alone or with a text, in tokens.
 *
 * @param size What the picture is resized to.
 * @throws FieldtrialError `DATA_INVALID` where it does not fit.
 */
export function* picturePrompts(
  plan: Positions,
  vision: VisionPlan,
  tokenizer: PromptTokenizer,
  input: EncoderItem,
  size: Size,
  side: Side,
  task: string,
): Generator<ExpandedTokens> {
  const { contents, maxLength, lengthOf } = plan.recipe
  const limit = { maxLength: maxLength[side], lengthOf }
  const prepared = prepareContents(contents, input.text)
  const count = gridTokens(size, vision.settings)
  for (const prompt of promptsOf(plan.recipe, side, input)) {
    const short = tokenizer.encode(prompt, prepared, task, limit, vision.placeholder.text)
    const tokens = expandPlaceholder(short, prompt, vision.placeholder, count)
    if (plan.positions !== null && tokens.ids.length > plan.positions)
      throw new FieldtrialError(
        'DATA_INVALID',
        `${nameOf(input)} takes ${count} tokens, its prompt ${tokens.ids.length}; the model takes ${plan.positions}.`,
        { hint: 'Lower maxPixels of the model: an image is never cut.' },
      )
    yield tokens
  }
}
