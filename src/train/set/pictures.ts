import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { prepareImage } from '../../engines/image/prepare-image.ts'
import type { Size } from '../../engines/image/sizes.ts'
import { nameOf } from '../../engines/text/inputs.ts'
import type { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import type { VisionPlan } from '../../engines/torch/plan.ts'
import { requirePlaceholder } from '../../engines/torch/vision.ts'
import type { EncoderItem } from '../../engines/types.ts'
import { bytesHash, HashIndex } from './hash-index.ts'
import { NumberFile } from './number-file.ts'

/** A picture of the set, resized. */
export interface SetPicture extends Size {
  readonly number: number
}

/**
 * Writes the pictures of a set as the model's image tower takes them, but for the arithmetic on their levels: decoded and resized by the code
 * that encodes, each once. Memory: about 40 bytes for each distinct picture.
 */
export class PictureWriter {
  readonly #vision: VisionPlan
  readonly #pixels: NumberFile
  readonly #offsets: NumberFile
  readonly #sizes: NumberFile
  readonly #shown: NumberFile
  /** By file, so that what comes again is not decoded again; and by pixels, so that equal ones have one number. */
  readonly #byFile = new HashIndex()
  readonly #byPixels = new HashIndex()
  readonly #known: Size[] = []
  #bytes = 0

  static async create(folder: string, vision: VisionPlan): Promise<PictureWriter> {
    const file = (name: string) => NumberFile.create(join(folder, `${name}.bin`))
    const writer = new PictureWriter(
      vision,
      await file('pixels'),
      await file('picture-offsets'),
      await file('picture-sizes'),
      await file('shown'),
    )
    await writer.#offsets.uint64(0)
    return writer
  }

  private constructor(
    vision: VisionPlan,
    pixels: NumberFile,
    offsets: NumberFile,
    sizes: NumberFile,
    shown: NumberFile,
  ) {
    this.#vision = vision
    this.#pixels = pixels
    this.#offsets = offsets
    this.#sizes = sizes
    this.#shown = shown
  }

  get count(): number {
    return this.#known.length
  }

  get files(): readonly NumberFile[] {
    return [this.#pixels, this.#offsets, this.#sizes, this.#shown]
  }

  /**
   * The picture of an item.
   *
   * @throws FieldtrialError as `prepareImage`; `MODEL_INVALID` where the tokenizer has no token for pictures.
   */
  async add(item: EncoderItem, tokenizer: PromptTokenizer, tokenizerFile: string): Promise<SetPicture> {
    if (this.#known.length === 0) requirePlaceholder(tokenizer, this.#vision, tokenizerFile)
    const image = item.image!
    const encoded = await image.bytes()
    const file = bytesHash(encoded)
    const there = this.#byFile.get(file)
    if (there >= 0) return { number: there, ...this.#known[there]! }
    const read = { ...image, bytes: async () => encoded }
    const { width, height, pixels } = await prepareImage(read, this.#vision.settings, nameOf(item))
    // Pictures of other shapes may have the same levels.
    const shape = Buffer.from(new Int32Array([width, height]).buffer)
    const number = this.#byPixels.add(bytesHash(Buffer.concat([shape, pixels])), this.#known.length)
    this.#byFile.add(file, number)
    if (number === this.#known.length) {
      this.#known.push({ width, height })
      await this.#pixels.bytes(pixels)
      this.#bytes += pixels.length
      await this.#offsets.uint64(this.#bytes)
      await this.#sizes.int32([height, width])
    }
    return { number, width, height }
  }

  /** Notes the picture of the next text, and where its tokens begin; null for none. */
  async show(picture: SetPicture | null, offset: number): Promise<void> {
    await this.#shown.int32(picture === null ? [-1, 0] : [picture.number, offset])
  }
}

/** @throws FieldtrialError `DATA_INVALID`: its text alone would be another example than the one that is meant. */
export function refusePicture(item: EncoderItem, recipe: string): never {
  throw new FieldtrialError(
    'DATA_INVALID',
    `${nameOf(item)} is an image; the model with the recipe ${recipe} reads text only.`,
    { hint: 'Train a vision-language model with a recipe that takes images: vision-chat, e5v or promptreps.' },
  )
}
