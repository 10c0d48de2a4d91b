import { prepareContents } from '../../recipes/contents.ts'
import type { Side } from '../../recipes/types.ts'
import { ahead } from '../image/ahead.ts'
import { type PixelImage, prepareImage } from '../image/prepare-image.ts'
import type { FixedSettings } from '../image/settings.ts'
import { nameOf } from '../text/inputs.ts'
import type { TextPlan } from '../text/plan.ts'
import type { PromptTokenizer } from '../text/tokenizer/prompt-tokenizer.ts'
import type { EncoderItem } from '../types.ts'
import { type DualShape, imageTokens } from './shape.ts'

/** How a dual encoder's items are made. */
export interface DualPlan {
  readonly shape: DualShape
  readonly settings: FixedSettings
  /** Fills SigLIP's texts up; null for CLIP. */
  readonly pad: string | null
}

/** What goes through one of the towers: a text in tokens, or a picture. */
export type DualItem = {
  /** Place of the input in the call. */
  readonly text: number
  readonly truncated: boolean
  /** Tokens of the text with what fills it up; of a picture as many as its tower makes, without meaning. */
  readonly ids: readonly number[]
} & ({ readonly image: PixelImage } | { readonly image?: never })

/** Pictures that are read and decoded while others are encoded. */
const AHEAD = 4

/**
 * Texts and pictures of inputs, in order; of one that has both the text first. An input without either is an empty text.
 *
 * @throws FieldtrialError `DATA_INVALID` naming a picture that cannot be read, and what the tokenizer throws.
 */
export async function* dualItemsOf(
  plan: TextPlan,
  { shape, settings, pad }: DualPlan,
  tokenizer: PromptTokenizer,
  inputs: readonly EncoderItem[],
  side: Side,
  task: string,
): AsyncGenerator<DualItem> {
  const { contents, maxLength, lengthOf, prompts } = plan.recipe
  const limit = { maxLength: maxLength[side], lengthOf }
  const filler = pad === null ? null : tokenizer.tokenId(pad)
  const read = async (input: EncoderItem) =>
    input.image === undefined ? null : prepareImage(input.image, settings, nameOf(input))
  const pictureIds = new Array<number>(imageTokens(shape)).fill(0)
  let at = 0
  for await (const image of ahead(inputs, AHEAD, read)) {
    const text = at++
    const given = prepareContents(contents, inputs[text]!.text)
    if (image === null || given.trim() !== '') {
      const { ids, truncated } = tokenizer.encode(prompts[side][0]!, given, task, limit)
      yield { text, truncated, ids: finished(ids, shape, filler) }
    }
    if (image !== null) yield { text, truncated: false, ids: pictureIds, image }
  }
}

/** CLIP reads up to its first end token, whose state is the text's; SigLIP's texts are all of one length. */
function finished(ids: readonly number[], { family, text }: DualShape, filler: number | null): readonly number[] {
  if (family === 'siglip')
    return filler === null ? ids : [...ids, ...new Array<number>(Math.max(0, text.positions - ids.length)).fill(filler)]
  // Old configs name another token; there transformers takes the highest id, which is the end token's.
  const end = text.eos === 2 ? ids.indexOf(ids.reduce((most, id) => Math.max(most, id), 0)) : ids.indexOf(text.eos)
  return end < 0 ? ids : ids.slice(0, end + 1)
}
