import { FieldtrialError } from '../../core/errors.ts'
import type { FixedSettings, GridSettings } from './settings.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** How many times longer than the other a side may be (qwen-vl-utils, transformers). */
const LONGEST_SHAPE = 200

/**
 * The size that a picture gets: multiples of a token's side, within the pixel budget, near its own shape. Qwen's `smart_resize`.
 *
 * @param name For messages.
 * @throws FieldtrialError `DATA_INVALID` for a shape that these models do not take.
 */
export function gridSize({ width, height }: Size, settings: GridSettings, name: string): Size {
  const { patch, merge, minPixels, maxPixels } = settings
  if (Math.max(width, height) / Math.min(width, height) > LONGEST_SHAPE)
    throw new FieldtrialError(
      'DATA_INVALID',
      `${name} is ${width} × ${height} pixels: one side is more than ${LONGEST_SHAPE} times the other, which the model does not take.`,
      { hint: 'Cut it in pieces, or leave such pictures out with `images: { broken: skip }` in the study.' },
    )
  const side = patch * merge
  const scaled = (round: (x: number) => number, by: number) => ({
    width: round((width * by) / side) * side,
    height: round((height * by) / side) * side,
  })
  const near = scaled(roundHalfToEven, 1)
  if (near.width * near.height > maxPixels) {
    const down = Math.sqrt((height * width) / maxPixels)
    const cut = (length: number) => Math.max(side, Math.floor(length / down / side) * side)
    return { width: cut(width), height: cut(height) }
  }
  if (near.width * near.height < minPixels) return scaled(Math.ceil, Math.sqrt(minPixels / (height * width)))
  return near
}

/** Tokens that a picture of that size takes: one for `merge` × `merge` patches. */
export function gridTokens({ width, height }: Size, { patch, merge }: GridSettings): number {
  return (width / (patch * merge)) * (height / (patch * merge))
}

/** The size before the middle is cut out. */
export function fixedSize({ width, height }: Size, { resize }: FixedSettings): Size {
  if (resize === null) return { width, height }
  if ('width' in resize) return resize
  const { shortest } = resize
  return width <= height
    ? { width: shortest, height: Math.trunc((shortest * height) / width) }
    : { width: Math.trunc((shortest * width) / height), height: shortest }
}

/** Python's `round`. */
function roundHalfToEven(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}
