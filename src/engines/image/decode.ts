import { FieldtrialError } from '../../core/errors.ts'
import { packageVersion } from '../text/versions.ts'

/** Something about a picture that decoding settles, and that a reader of numbers may want to know. */
export type ImageTrait = 'turned' | 'greyscale' | 'cmyk' | 'transparent' | 'animated' | 'deep'

export interface DecodedImage {
  readonly width: number
  readonly height: number
  /** Red, green and blue of each pixel, 0 to 255, row after row from the top left. */
  readonly pixels: Uint8Array
  readonly traits: readonly ImageTrait[]
}

/** A picture that cannot be decoded. */
export class BrokenImage extends FieldtrialError {}

/** Formats as sharp names them; AVIF and HEIC are `heif`. Drawings (SVG) have no pixels of their own, and may name other files. */
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif', 'avif'])

/** How many times longer than the other a side may be, as qwen-vl-utils and transformers have it: such a picture is none. */
const LONGEST_SHAPE = 200

/** Enters the identity of vectors of images, with sharp's own version: raise it whenever the same file would give other pixels. */
const DECODING = 1

/** What decodes the images: other versions may round otherwise. */
export function decoderIdentity(): { readonly sharp: string; readonly decoding: number } {
  return { sharp: packageVersion('sharp'), decoding: DECODING }
}

/**
 * Decodes a picture to upright 8-bit RGB. EXIF's orientation is applied; grey becomes three equal channels; CMYK is converted by its profile
 * or a common one; transparency is laid on white, as transformers and qwen-vl-utils do; of an animation the first picture is taken; 16
 * bits become 8. Colour profiles of RGB pictures are ignored, as Pillow ignores them.
 *
 * @param name For messages: `The picture cat.jpg of "17"`.
 * @throws BrokenImage (`DATA_INVALID`) with the decoder's reason.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  // Loaded at the first picture: most studies have none.
  const { default: sharp } = await import('sharp')
  try {
    const { format, space, hasAlpha = false, pages = 1, orientation = 1, depth } = await sharp(bytes).metadata()
    if (!FORMATS.has(format)) throw new Error(`its format (${format}) has no pixels of its own`)
    const image = sharp(bytes, { failOn: 'error', ignoreIcc: space !== 'cmyk' }).autoOrient()
    const { data, info } = await image
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    if (info.channels !== (hasAlpha ? 4 : 3)) throw new Error(`it came out with ${info.channels} channels`)
    if (Math.max(info.width, info.height) > LONGEST_SHAPE * Math.min(info.width, info.height))
      throw new Error(
        `it has ${info.width} × ${info.height} pixels, one side more than ${LONGEST_SHAPE} times the other`,
      )
    const traits: [ImageTrait, boolean][] = [
      ['turned', orientation > 1],
      ['greyscale', space === 'b-w' || space === 'grey16'],
      ['cmyk', space === 'cmyk'],
      ['transparent', hasAlpha],
      ['animated', pages > 1 && format !== 'tiff' && format !== 'heif'],
      ['deep', depth !== 'uchar'],
    ]
    return {
      width: info.width,
      height: info.height,
      pixels: hasAlpha ? onWhite(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      traits: traits.filter(([, is]) => is).map(([trait]) => trait),
    }
  } catch (error) {
    throw new BrokenImage('DATA_INVALID', `${name} cannot be decoded: ${reasonOf(error)}.`, {
      hint: 'Fetch, mend or remove it, or leave such pictures out with `images: { broken: skip }` in the study.',
      cause: error,
    })
  }
}

/** RGBA to RGB, rounded to the nearest level (the library's own way cuts off). */
function onWhite(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array((pixels.length / 4) * 3)
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    const alpha = pixels[from + 3]! / 255
    for (let channel = 0; channel < 3; channel++)
      out[to + channel] = Math.round(255 - (255 - pixels[from + channel]!) * alpha)
  }
  return out
}

/** The decoder's first line, without its own prefix. */
function reasonOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim().split('\n')[0]!
  if (/unsupported image format/i.test(text))
    return 'it is no JPEG, PNG, WebP, GIF, TIFF or AVIF (BMP and drawings are not read)'
  return text
    .replace(/^Input buffer (has|is) /, 'it $1 ')
    .replace(/^Vips\w+: |^vips\w+: /, '')
    .replace(/[.:]+$/, '')
}
