import { describe, expect, it } from 'vitest'
import { ahead } from './ahead.ts'
import { expandPlaceholder } from './placeholder.ts'
import { fitImage } from './prepare-image.ts'
import { fixedSettings, gridSettings } from './settings.ts'
import { fixedSize, gridSize, gridTokens } from './sizes.ts'

const NORMAL = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] }

describe('gridSettings', () => {
  it('reads the pixel budget as older and as newer files have it, and the user’s own before it', () => {
    const old = gridSettings({ ...NORMAL, min_pixels: 3136, max_pixels: 12845056 }, {}, {}, 'm')
    expect(old).toMatchObject({ kind: 'grid', patch: 14, merge: 2, temporal: 2, minPixels: 3136, maxPixels: 12845056 })
    expect(old).toMatchObject({ resample: 'bicubic', rescale: 1 / 255, mean: [0.5, 0.5, 0.5] })
    const size = { shortest_edge: 65536, longest_edge: 16777216 }
    const newer = gridSettings({ ...NORMAL, patch_size: 16, size }, { patch_size: 16 }, { maxPixels: 100_000 }, 'm')
    expect(newer).toMatchObject({ patch: 16, minPixels: 65536, maxPixels: 100_000 })
  })

  it('refuses what contradicts config.json, and budgets that no picture meets', () => {
    expect(() => gridSettings(NORMAL, { patch_size: 16 }, {}, 'm')).toThrow(
      /patch_size 14; config.json has patch_size 16/,
    )
    expect(() => gridSettings(NORMAL, {}, { maxPixels: 700 }, 'm')).toThrow(/between 3136 \(minPixels\) and 700/)
    expect(() => gridSettings(NORMAL, {}, { minPixels: 9000, maxPixels: 8000 }, 'm')).toThrow(/minPixels/)
    expect(() => gridSettings({ ...NORMAL, image_mean: [1] }, {}, {}, 'm')).toThrow(/image_mean/)
    expect(() => gridSettings({ ...NORMAL, resample: 5 }, {}, {}, 'm')).toThrow(/resampling 5/)
  })
})

describe('gridSize', () => {
  const settings = gridSettings(NORMAL, {}, { minPixels: 56 * 56, maxPixels: 28 * 28 * 20 }, 'm')
  // By transformers' smart_resize.
  it.each([
    [171, 60, 168, 56],
    [40, 133, 28, 140],
    [320, 240, 140, 84],
    [9, 7, 84, 56],
    [84, 84, 84, 84],
    [42, 70, 56, 56],
    [14, 1000, 28, 476],
    [70, 98, 56, 112],
  ])('%i × %i becomes %i × %i', (width, height, toWidth, toHeight) => {
    const size = gridSize({ width, height }, settings)
    expect(size).toEqual({ width: toWidth, height: toHeight })
    expect(gridTokens(size, settings)).toBe((toWidth / 28) * (toHeight / 28))
  })
})

describe('fixedSettings', () => {
  const clip = { ...NORMAL, size: { shortest_edge: 224 }, do_center_crop: true, crop_size: { height: 224, width: 224 } }

  it('CLIP: the shorter side, then the middle; SigLIP: both sides', () => {
    const cut = fixedSettings(clip, 224, 'm')
    expect(cut).toMatchObject({ resize: { shortest: 224 }, crop: { width: 224, height: 224 } })
    expect(fixedSize({ width: 150, height: 200 }, cut)).toEqual({ width: 224, height: 298 })
    expect(fixedSize({ width: 333, height: 150 }, cut)).toEqual({ width: 497, height: 224 })
    const old = fixedSettings({ ...NORMAL, size: 224, do_center_crop: true, crop_size: 224 }, 224, 'm')
    expect(old).toMatchObject({ resize: { shortest: 224 }, crop: { width: 224, height: 224 } })
    expect(fixedSettings({ ...NORMAL, size: { height: 32, width: 32 } }, 32, 'm')).toMatchObject({
      resize: { width: 32, height: 32 },
      crop: null,
    })
  })

  it('refuses pictures of another size than the model takes', () => {
    expect(() => fixedSettings(clip, 336, 'm')).toThrow(/336 × 336/)
  })

  it('cuts the middle out', () => {
    const settings = fixedSettings({ ...clip, size: { shortest_edge: 2 }, crop_size: { height: 2, width: 2 } }, 2, 'm')
    const pixels = Uint8Array.from([0, 1, 2, 3].flatMap((x) => [x, x, x])) // 4 × 1, enlarged to 8 × 2
    const fitted = fitImage({ width: 4, height: 1, pixels, traits: [] }, settings)
    expect([fitted.width, fitted.height]).toEqual([2, 2])
    expect(fitted.pixels[0]).toBeGreaterThan(0)
    expect(fitted.pixels[3]).toBeLessThan(3)
  })
})

describe('expandPlaceholder', () => {
  const tokens = (ids: number[]) => ({
    ids,
    contents: { start: 3, end: 5 },
    fromContents: 3,
    truncated: false,
    cutTokens: 0,
  })
  const prompt = (...kinds: ('image' | 'contents')[]) =>
    ({ parts: kinds.map((kind) => ({ kind })), join: 'text', addSpecialTokens: false, end: null }) as const
  const place = { text: '<5>', pad: 5 }

  it('repeats the image’s own token, not one of that name in the contents', () => {
    const before = expandPlaceholder(tokens([1, 5, 2, 5, 9, 3]), prompt('image', 'contents'), place, 3)
    expect(before).toMatchObject({ ids: [1, 5, 5, 5, 2, 5, 9, 3], offset: 1, contents: { start: 5, end: 7 } })
    const behind = expandPlaceholder(tokens([1, 2, 2, 5, 9, 5, 3]), prompt('contents', 'image'), place, 2)
    expect(behind).toMatchObject({ ids: [1, 2, 2, 5, 9, 5, 5, 3], offset: 5, contents: { start: 3, end: 5 } })
    expect(expandPlaceholder(tokens([1, 5, 3]), prompt('image'), place, 1).ids).toEqual([1, 5, 3])
  })

  it('says where the place is gone', () => {
    expect(() => expandPlaceholder(tokens([1, 2]), prompt('image'), place, 2)).toThrow(/no place left/)
  })
})

it('ahead: in order, so many at once, failures in their turn', async () => {
  let running = 0
  let most = 0
  const work = async (n: number) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 5 * (4 - n)))
    running--
    if (n === 3) throw new Error('three')
    return n * 10
  }
  const got: number[] = []
  const all = (async () => {
    for await (const value of ahead([0, 1, 2, 3, 4], 2, work)) got.push(value)
  })()
  await expect(all).rejects.toThrow('three')
  expect(got).toEqual([0, 10, 20])
  expect(most).toBe(2)
})
