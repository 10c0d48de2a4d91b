import type { ImageRef } from '../../data/types.ts'
import { type DecodedImage, decodeImage } from './decode.ts'
import { centerCrop, resample } from './resample.ts'
import type { ImageSettings } from './settings.ts'
import { fixedSize, gridSize, type Size } from './sizes.ts'

/** A picture as a model's image tower takes it, but for the arithmetic on its levels. */
export interface PixelImage extends Size {
  /** RGB, row after row. */
  readonly pixels: Uint8Array
}

/**
 * Reads, decodes and resizes a picture.
 *
 * @throws FieldtrialError `DATA_INVALID` naming it where it cannot be decoded, `DATA_MISSING`.
 */
export async function prepareImage(image: ImageRef, settings: ImageSettings, name: string): Promise<PixelImage> {
  return fitImage(await decodeImage(await image.bytes(), name), settings)
}

export function fitImage(decoded: DecodedImage, settings: ImageSettings): PixelImage {
  const { width, height } = decoded
  const size = settings.kind === 'grid' ? gridSize(decoded, settings) : fixedSize(decoded, settings)
  const pixels = resample(decoded.pixels, width, height, size.width, size.height, settings.resample)
  if (settings.kind === 'grid' || settings.crop === null) return { ...size, pixels }
  const { crop } = settings
  return { ...crop, pixels: centerCrop(pixels, size.width, size.height, crop.width, crop.height) }
}
