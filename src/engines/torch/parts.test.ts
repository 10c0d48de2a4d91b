import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Recipe } from '../../recipes/types.ts'
import type { Item } from '../text/items.ts'
import { TextVectors } from '../text/text-vectors.ts'
import { readAnswer } from './answers.ts'
import { resolveDevices } from './devices.ts'
import type { TorchPlan } from './plan.ts'
import { int32Base64 } from './protocol.ts'
import { requestOf, type Slice, slicesOf } from './slices.ts'
import { configFile, readUserConfig, writeUserConfig } from './user-config.ts'
import type { VisionItem } from './vision-items.ts'

describe('resolveDevices', () => {
  it.each([
    ['cpu', ['cpu']],
    ['mps', ['mps']],
    ['cuda', ['cuda:0']],
    ['cuda:3', ['cuda:3']],
    ['cuda:0,2,2', ['cuda:0', 'cuda:2']],
  ])('%s needs no question', async (given, expected) => {
    expect(await resolveDevices('/no/python', given)).toEqual(expected)
  })

  it.each(['gpu', 'cuda:', 'cuda:a', 'cuda:0,', 'CPU', ''])('%j is refused', async (given) => {
    await expect(resolveDevices('/no/python', given)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

const item = (text: number, tokens: number): Item => ({
  text,
  ids: Array.from({ length: tokens }, (_, i) => 10 * text + i),
  contents: { start: 1, end: tokens },
  fromContents: 1,
  truncated: false,
  cutTokens: 0,
})
const plan = (recipe: Partial<Recipe> = {}, more: Partial<TorchPlan> = {}) =>
  ({ dtype: 'float32', ...more, recipe: { span: 'all', sparse: null, ...recipe } }) as unknown as TorchPlan
const lengths = async (slices: AsyncIterable<Slice>) => {
  const found: string[][] = []
  for await (const { items } of slices) found.push(items.map(({ text, ids }) => `${text}:${ids.length}`))
  return found
}

describe('slicesOf', () => {
  const slices = (items: readonly VisionItem[], tokens: number) => slicesOf(items, tokens, () => '', null)

  it('cuts where the next prompt would be too much, and gives a longer one a slice of its own', async () => {
    const items = [item(0, 4), item(1, 4), item(2, 3), item(3, 20), item(4, 1)]
    expect(await lengths(slices(items, 10))).toEqual([['0:4', '1:4'], ['2:3'], ['3:20'], ['4:1']])
    expect(await lengths(slices([], 10))).toEqual([])
  })

  it('keeps the views of a text together', async () => {
    expect(await lengths(slices([item(0, 6), item(0, 6), item(1, 6)], 10))).toEqual([['0:6', '0:6'], ['1:6']])
  })

  it('counts the pixels of images, which lie in memory until a slice is done', async () => {
    const seen = (text: number, megabytes: number): VisionItem => ({
      ...item(text, 2),
      image: { width: 28, height: 28, pixels: new Uint8Array(megabytes * 2 ** 20), offset: 1 },
    })
    expect(await lengths(slices([seen(0, 30), seen(1, 30), seen(2, 30), seen(3, 100)], 100))).toEqual([
      ['0:2', '1:2'],
      ['2:2'],
      ['3:2'],
    ])
  })

  it('tells where images lie', () => {
    const image = { width: 56, height: 28, pixels: new Uint8Array(0), offset: 3 }
    const asked = requestOf({ items: [item(0, 2), { ...item(1, 6), image }], words: null }, plan(), 600, {
      out: '/out',
      images: '/pixels',
    })
    expect(asked.images).toEqual({ file: '/pixels', table: int32Base64([1, 3, 28, 56]) })
  })
})

describe('what goes to the worker and comes back', () => {
  const SPARSE = { terms: 2, fallbackTerms: 2, scale: 100 }
  const slice: Slice = {
    items: [item(0, 2), item(1, 3)],
    words: [[5, 7, 9], []],
  }
  const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer)
  const ints = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer)
  const bytes = (...parts: Buffer[]) => new Uint8Array(Buffer.concat(parts)) as Uint8Array<ArrayBuffer>
  const added: unknown[] = []
  const sparse = {
    addScores: (text: number, ids: ArrayLike<number>, scores: ArrayLike<number>, own: boolean) =>
      added.push([text, Array.from(ids), Array.from(scores), own]),
  } as never

  it('is packed as int32', () => {
    const asked = requestOf(slice, plan({ sparse: SPARSE, span: 'from-contents' }), 600, { out: '/out', images: null })
    expect(asked).toEqual({
      method: 'encode',
      ids: int32Base64([0, 1, 10, 11, 12]),
      lengths: int32Base64([2, 3]),
      from: int32Base64([1, 1]),
      images: null,
      scores: { words: int32Base64([5, 7, 9]), counts: int32Base64([3, 0]), vocabulary: 600, fallback: 2 },
      out: '/out',
    })
    expect(Buffer.from(int32Base64([-1, 2 ** 31 - 1]), 'base64').readInt32LE(4)).toBe(2 ** 31 - 1)
  })

  it('is taken apart into vectors and scores', () => {
    const vectors = new TextVectors(2, 1)
    const answer = bytes(floats(1, 2, 3, 4), floats(0.5, 0.25, 0.125), ints(42, 41), floats(9, 8))
    readAnswer(answer, 2, slice, plan({ sparse: SPARSE }), 600, vectors, sparse)
    expect(vectors.finish([], false)).toEqual({ vectors: Float32Array.of(1, 2, 3, 4), dimension: 2 })
    expect(added).toEqual([
      [0, [5, 7, 9], [0.5, 0.25, 0.125], true],
      [1, [42, 41], [9, 8], false],
    ])
  })

  it('is refused where it is of another length, or holds what is no number', () => {
    const two: Slice = { items: slice.items, words: null }
    const read = (answer: Uint8Array<ArrayBuffer>, more: Partial<TorchPlan> = {}) =>
      readAnswer(answer, 2, two, plan({}, more), 600, new TextVectors(2, 1), null)
    expect(() => read(bytes(floats(1, 2, 3)))).toThrow(/wrote 12 bytes for 2 prompts; 16 were expected/)
    expect(() => read(bytes(floats(1, 2, Number.NaN, 4)))).toThrow(/Text 1 of 2 .* NaN/)
    expect(() => read(bytes(floats(0, 0, 3, 4)))).toThrow(/Text 0 of 2 .* zeros only/)
    expect(() => read(bytes(floats(1, 2, Number.POSITIVE_INFINITY, 4)), { dtype: 'float16' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('bfloat16') }),
    )
  })
})

describe('the user’s settings', () => {
  it('are kept, and a file that is none is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-settings-'))
    try {
      const env = { XDG_CONFIG_HOME: folder }
      expect(await readUserConfig(env)).toEqual({})
      await writeUserConfig({ python: '/a/python' }, env)
      expect(await readUserConfig(env)).toEqual({ python: '/a/python' })
      expect(await readFile(configFile(env), 'utf8')).toContain('/a/python')
      await writeFile(configFile(env), 'no json')
      await expect(readUserConfig(env)).rejects.toMatchObject({ code: 'USAGE', where: { file: configFile(env) } })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
