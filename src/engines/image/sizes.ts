import type { FixedSettings, GridSettings } from './settings.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** The size that a picture gets: multiples of a token's side, within the pixel budget, near its own shape. Qwen's `smart_resize`. */
export function gridSize({ width, height }: Size, settings: GridSettings): Size {
  const { patch, merge, minPixels, maxPixels } = settings
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
