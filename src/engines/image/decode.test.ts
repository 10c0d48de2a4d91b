import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describePictures, runPython } from '../../../test/support/python.ts'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { BrokenImage, decodeImage } from './decode.ts'
import { RESAMPLING, type Resampling, resample } from './resample.ts'

const red = { r: 200, g: 30, b: 60 }
const plain = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 40, height: 20, channels, background: channels === 4 ? { ...red, alpha: 0 } : red } })

describe('decodeImage', () => {
  it.each([
    ['a JPEG', () => plain().jpeg().toBuffer(), []],
    ['a PNG with transparency', () => plain(4).png().toBuffer(), ['transparent']],
    ['a grey PNG', () => plain().toColourspace('b-w').png().toBuffer(), ['greyscale']],
    ['a PNG of 16 bits', () => plain().toColourspace('rgb16').png().toBuffer(), ['deep']],
    ['a CMYK JPEG', () => plain().toColourspace('cmyk').jpeg().toBuffer(), ['cmyk']],
    ['an AVIF', () => plain().avif().toBuffer(), []],
    ['a TIFF', () => plain().tiff().toBuffer(), []],
  ] as const)('makes three channels of 8 bits of %s', async (_, make, traits) => {
    const found = await decodeImage(await make(), 'It')
    expect(found).toMatchObject({ width: 40, height: 20, traits })
    expect(found.pixels).toHaveLength(40 * 20 * 3)
  })

  it('turns pictures upright by their EXIF', async () => {
    const bytes = await plain().withMetadata({ orientation: 6 }).jpeg().toBuffer()
    expect(await decodeImage(bytes, 'It')).toMatchObject({ width: 20, height: 40, traits: ['turned'] })
  })

  it('lays transparency on white', async () => {
    expect([...(await decodeImage(await plain(4).png().toBuffer(), 'It')).pixels.subarray(0, 3)]).toEqual([
      255, 255, 255,
    ])
  })

  it('takes the first picture of an animation, and says so', async () => {
    const frames = Buffer.concat([Buffer.alloc(40 * 20 * 3, 255), Buffer.alloc(40 * 20 * 3, 0)])
    const raw = { width: 40, height: 40, channels: 3 as const, pageHeight: 20 }
    const bytes = await sharp(frames, { raw })
      .gif({ delay: [100, 100] })
      .toBuffer()
    const found = await decodeImage(bytes, 'It')
    expect(found).toMatchObject({ width: 40, height: 20 })
    expect(found.traits).toContain('animated')
    expect(found.pixels[0]).toBe(255)
  })

  const photo = async () => {
    const noise = Buffer.from(Array.from({ length: 90 * 60 * 3 }, (_, i) => (i * 7919) % 251))
    return sharp(noise, { raw: { width: 90, height: 60, channels: 3 } })
      .jpeg()
      .toBuffer()
  }
  it.each([
    ['an HTML page', async () => Buffer.from('<html>404</html>'), /no JPEG, PNG/],
    ['a drawing', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /svg/],
    ['a JPEG cut short', async () => (await photo()).subarray(0, 2000), /premature end/],
    ['a PNG cut short', async () => (await plain().png().toBuffer()).subarray(0, 70), /./],
    [
      'a picture like a thread',
      () =>
        sharp({ create: { width: 900, height: 3, channels: 3, background: red } })
          .png()
          .toBuffer(),
      /900 × 3/,
    ],
  ] as const)('names %s', async (_, make, reason) => {
    const failure = decodeImage(await make(), 'The picture cat.jpg of "17"')
    await expect(failure).rejects.toBeInstanceOf(BrokenImage)
    await expect(failure).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(/^The picture cat\.jpg of "17" cannot be decoded: .*[^.]\.$/),
      hint: expect.stringContaining('broken: skip'),
    })
    await expect(failure).rejects.toThrow(reason)
  })
})

describePictures('pictures as Pillow has them', () => {
  let folder: string
  let expected: {
    decoded: { file: string; width: number; height: number; pixels: string }[]
    resized: { filter: number; from: [number, number, string]; to: [number, number, string] }[]
  }
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fieldtrial-pictures-'))
    runPython('pictures.py', [folder])
    expected = JSON.parse(readFileSync(join(folder, 'pictures.json'), 'utf8'))
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('decodes alike', async () => {
    expect(expected.decoded).toHaveLength(9)
    for (const { file, width, height, pixels } of expected.decoded) {
      const found = await decodeImage(readFileSync(join(folder, file)), file)
      expect([found.width, found.height], file).toEqual([width, height])
      const want = readFileSync(pixels)
      const differences = found.pixels.map((level, i) => Math.abs(level - want[i]!))
      const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length
      // WebP's colours are made of halved ones by each decoder in its own way.
      expect(mean, file).toBeLessThan(file.endsWith('.webp') ? 2 : 0.5)
    }
    // Pillow converts CMYK without a profile, and cuts 16 bits off: others have no common answer.
    for (const file of ['print.jpg', 'deep.png'])
      expect((await decodeImage(readFileSync(join(folder, file)), file)).traits.length, file).toBeGreaterThan(0)
  })

  describeShared('JPEGs of Flickr8k', ['data/flickr8k-1k'], () => {
    it('are decoded to the same bytes', { timeout: 60_000 }, async () => {
      const images = sharedPath('data/flickr8k-1k/images')
      const want = Object.entries(JSON.parse(runPython('pictures.py', ['hashes', images, '200'])))
      expect(want).toHaveLength(200)
      for (const [file, hash] of want) {
        const { pixels } = await decodeImage(readFileSync(join(images, file)), file)
        expect(createHash('sha256').update(pixels).digest('hex'), file).toBe(hash)
      }
    })
  })

  it('resizes level by level the same', () => {
    expect(expected.resized).toHaveLength(18)
    for (const { filter, from, to } of expected.resized) {
      const name = Object.entries(RESAMPLING).find(([, number]) => number === filter)![0] as Resampling
      const found = resample(readFileSync(from[2]), from[0], from[1], to[0], to[1], name)
      expect(Buffer.compare(Buffer.from(found), readFileSync(to[2])), `${name} ${from} to ${to}`).toBe(0)
    }
  })
})
