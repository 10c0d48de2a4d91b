import { FieldtrialError } from '../../core/errors.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import { RESAMPLING, type Resampling } from './resample.ts'

export type Triple = readonly [number, number, number]

interface Common {
  readonly resample: Resampling
  /** A level x of 0 to 255 becomes (x · rescale - mean) / std, channel by channel. */
  readonly rescale: number
  readonly mean: Triple
  readonly std: Triple
}

/** Pictures keep their shape, and are cut into a grid of patches (Qwen2-VL and its kin). */
export interface GridSettings extends Common {
  readonly kind: 'grid'
  /** Pixels along a patch's side. */
  readonly patch: number
  /** Patches along the side of what becomes one token. */
  readonly merge: number
  /** How often a still picture is repeated: these models read pairs of frames. */
  readonly temporal: number
  /** The pixel budget: a picture with fewer or more pixels is resized to that many. */
  readonly minPixels: number
  readonly maxPixels: number
}

/** Pictures become one size (CLIP, SigLIP). */
export interface FixedSettings extends Common {
  readonly kind: 'fixed'
  /** To which size: both sides, or the shorter one, the other in proportion; null: as it is. */
  readonly resize: { readonly width: number; readonly height: number } | { readonly shortest: number } | null
  /** The middle that is cut out; null: all. */
  readonly crop: { readonly width: number; readonly height: number } | null
}

export type ImageSettings = GridSettings | FixedSettings

/** What a user may set over the model's own preprocessor_config.json. */
export interface PixelBudget {
  readonly minPixels?: number | undefined
  readonly maxPixels?: number | undefined
}

/**
 * Reads a preprocessor_config.json (or what processor_config.json holds under `image_processor`) of Qwen2-VL, Qwen2.5-VL or Qwen3-VL.
 *
 * @param vision `vision_config` of config.json; its sizes of patches must be the same.
 * @throws FieldtrialError `MODEL_INVALID`; `RECIPE_INVALID` for a budget that no picture meets.
 */
export function gridSettings(given: JsonObject, vision: JsonObject, budget: PixelBudget, name: string): GridSettings {
  const patch = sizeIn(given, 'patch_size', 14)
  const merge = sizeIn(given, 'merge_size', 2)
  const temporal = sizeIn(given, 'temporal_patch_size', 2)
  for (const [ours, field, value] of [
    ['patch_size', 'patch_size', patch],
    ['merge_size', 'spatial_merge_size', merge],
    ['temporal_patch_size', 'temporal_patch_size', temporal],
  ] as const)
    if (typeof vision[field] === 'number' && vision[field] !== value)
      throw new FieldtrialError(
        'MODEL_INVALID',
        `preprocessor_config.json of ${name} has ${ours} ${value}; config.json has ${field} ${vision[field]}.`,
        { hint: 'Fetch the model again: both files must come from one place.' },
      )
  const size = objectIn(given, 'size')
  const minPixels = budget.minPixels ?? numberIn(given, 'min_pixels') ?? numberIn(size, 'shortest_edge') ?? 56 * 56
  const maxPixels =
    budget.maxPixels ?? numberIn(given, 'max_pixels') ?? numberIn(size, 'longest_edge') ?? 28 * 28 * 1280
  const token = (patch * merge) ** 2
  if (maxPixels < token || minPixels > maxPixels)
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `${name}: pictures cannot have between ${minPixels} (minPixels) and ${maxPixels} (maxPixels) pixels.`,
      {
        where: { field: maxPixels < token ? 'maxPixels' : 'minPixels' },
        hint: `maxPixels must be at least ${token}, one token's worth, and no less than minPixels.`,
      },
    )
  return { kind: 'grid', patch, merge, temporal, minPixels, maxPixels, ...common(given, name) }
}

/**
 * Reads that of CLIP or SigLIP.
 *
 * @param side Pixels along the side of the picture that the model takes (`image_size` of its vision_config).
 * @throws FieldtrialError `MODEL_INVALID` where pictures would come out at another size.
 */
export function fixedSettings(given: JsonObject, side: number, name: string): FixedSettings {
  const size = given.size
  const resize =
    given.do_resize === false
      ? null
      : typeof size === 'number'
        ? given.do_center_crop === false
          ? { width: size, height: size }
          : { shortest: size }
        : (pair(objectIn(given, 'size')) ?? { shortest: numberIn(objectIn(given, 'size'), 'shortest_edge') ?? side })
  const crop =
    given.do_center_crop === true
      ? (pair(objectIn(given, 'crop_size')) ?? square(given.crop_size) ?? { width: side, height: side })
      : null
  const out = crop ?? (resize !== null && 'width' in resize ? resize : null)
  if (out === null || out.width !== side || out.height !== side)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `preprocessor_config.json of ${name} does not make pictures of ${side} × ${side} pixels, which config.json asks for.`,
      { hint: 'Fetch the model again: both files must come from one place.' },
    )
  return { kind: 'fixed', resize, crop, ...common(given, name) }
}

function common(given: JsonObject, name: string): Common {
  const resample = Object.entries(RESAMPLING).find(([, number]) => number === (given.resample ?? RESAMPLING.bicubic))
  if (resample === undefined)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `preprocessor_config.json of ${name}: the resampling ${JSON.stringify(given.resample)} is not known.`,
      {
        hint: `Known are ${Object.entries(RESAMPLING)
          .map(([word, n]) => `${n} (${word})`)
          .join(', ')}.`,
      },
    )
  const normalises = given.do_normalize !== false
  return {
    resample: resample[0] as Resampling,
    rescale: given.do_rescale === false ? 1 : (numberIn(given, 'rescale_factor') ?? 1 / 255),
    mean: normalises ? triple(given, 'image_mean', name) : [0, 0, 0],
    std: normalises ? triple(given, 'image_std', name) : [1, 1, 1],
  }
}

function triple(given: JsonObject, field: string, name: string): Triple {
  const value = given[field]
  if (Array.isArray(value) && value.length === 3 && value.every((x) => typeof x === 'number' && Number.isFinite(x)))
    return value as unknown as Triple
  throw new FieldtrialError(
    'MODEL_INVALID',
    `preprocessor_config.json of ${name}: "${field}" is ${JSON.stringify(value) ?? 'absent'}, not three numbers.`,
    { where: { field }, hint: 'Fetch the model again.' },
  )
}

function pair(size: JsonObject): { width: number; height: number } | null {
  const width = numberIn(size, 'width')
  const height = numberIn(size, 'height')
  return width === null || height === null ? null : { width, height }
}

function square(value: unknown): { width: number; height: number } | null {
  return typeof value === 'number' ? { width: value, height: value } : null
}

function sizeIn(given: JsonObject, field: string, fallback: number): number {
  return numberIn(given, field) ?? fallback
}

function numberIn(given: JsonObject, field: string): number | null {
  const value = given[field]
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : null
}

function objectIn(given: JsonObject, field: string): JsonObject {
  const value = given[field]
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}
