import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashFiles } from '../text/hash.ts'
import { erf, normalized } from '../text/head.ts'
import { planBatches } from './batches.ts'
import { relativeBuckets } from './families/relative-buckets.ts'
import { requireExactInt8 } from './int8-check.ts'
import { positionsAfter } from './model-runner.ts'
import { pool } from './pooling.ts'
import { ProtoWriter } from './proto.ts'
import { blockSize, quantize } from './quantize.ts'

describe('planBatches', () => {
  it('puts every text into one batch, of one length, within the budget', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (lengths, budget) => {
          const batches = planBatches(lengths, budget)
          expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i))
          for (const batch of batches) {
            expect(new Set(batch.map((i) => lengths[i])).size).toBe(1)
            expect(batch.length === 1 || batch.length * lengths[batch[0]!]! <= budget).toBe(true)
          }
          // Full batches: two neighbours of one length could not have been one.
          for (let b = 1; b < batches.length; b++) {
            const [last, next] = [batches[b - 1]!, batches[b]!]
            const length = lengths[next[0]!]!
            if (lengths[last[0]!] === length) expect((last.length + 1) * length).toBeGreaterThan(budget)
          }
        },
      ),
    )
  })
})

describe('pool', () => {
  // Three tokens of two numbers.
  const states = new Float32Array([1, 10, 2, -20, 6, 30])
  const pooled = (mode: Parameters<typeof pool>[3], start = 0, end = 3) => {
    const out = new Float32Array(2 * mode.length)
    pool(states, { start, end }, 2, mode, out)
    return [...out].map((x) => Math.round(x * 1e5) / 1e5)
  }

  it('knows all modes', () => {
    expect(pooled(['cls'])).toEqual([1, 10])
    expect(pooled(['lasttoken'])).toEqual([6, 30])
    expect(pooled(['mean'])).toEqual([3, 6.66667])
    expect(pooled(['max'])).toEqual([6, 30])
    expect(pooled(['mean_sqrt_len'])).toEqual([5.19615, 11.54701])
    expect(pooled(['weightedmean'])).toEqual([3.83333, 10])
  })

  it('lays several side by side, in order', () => {
    expect(pooled(['max', 'cls'])).toEqual([6, 30, 1, 10])
  })

  it('leaves the prompt out, but counts its positions', () => {
    expect(pooled(['cls'], 1)).toEqual([2, -20])
    expect(pooled(['mean'], 1)).toEqual([4, 5])
    expect(pooled(['max'], 2)).toEqual([6, 30])
    expect(pooled(['weightedmean'], 1)).toEqual([4.4, 10])
  })

  it('leaves out what follows, too', () => {
    expect(pooled(['lasttoken'], 0, 2)).toEqual([2, -20])
    expect(pooled(['mean'], 1, 2)).toEqual([2, -20])
  })

  it('gives zeros where nothing is left', () => {
    for (const mode of ['mean', 'max', 'lasttoken', 'weightedmean', 'mean_sqrt_len'] as const)
      expect(pooled([mode], 3)).toEqual([0, 0])
  })
})

describe('quantize', () => {
  it('keeps every weight within half a step of its block', () => {
    const finite = fc.float({ noNaN: true, min: -100, max: 100 })
    fc.assert(
      fc.property(fc.array(finite, { minLength: 64, maxLength: 64 }), (numbers) => {
        const weights = Float32Array.from(numbers)
        const { values, scales } = quantize(weights, 16)
        expect(scales.length).toBe(4)
        weights.forEach((w, i) => {
          const scale = scales[Math.floor(i / 16)]!
          expect(Math.abs((values[i]! - 128) * scale - w)).toBeLessThanOrEqual(scale * 0.5001 + 1e-30)
        })
      }),
    )
  })

  it('keeps an outlier from coarsening other blocks', () => {
    const weights = new Float32Array(32).fill(0.01)
    weights[0] = 1000
    const { values, scales } = quantize(weights, 16)
    expect((values[20]! - 128) * scales[1]!).toBeCloseTo(0.01, 8)
  })

  it('takes the largest block that fits', () => {
    expect([384, 768, 1536, 48, 40, 7].map((inputs) => blockSize(inputs))).toEqual([128, 256, 256, 16, null, null])
  })

  it('finds the int8 products of this machine exact', async () => {
    await expect(requireExactInt8()).resolves.toBeUndefined()
  })
})

describe('small parts', () => {
  it('finds MPNet’s buckets as torch does, edges included', () => {
    const path = new URL('../../../test/fixtures/models/mpnet-buckets.json', import.meta.url)
    expect(relativeBuckets(301, 32)).toEqual(JSON.parse(readFileSync(path, 'utf8')))
  })

  it('computes the error function', () => {
    // Values of scipy.special.erf.
    const known = [
      [0, 0],
      [0.1, 0.1124629160182849],
      [-0.5, -0.5204998778130465],
      [1, 0.8427007929497149],
      [2.4, 0.9993114861033549],
      [2.6, 0.9997639655834707],
      [-4, -0.9999999845827421],
      [7, 1],
    ] as const
    for (const [x, y] of known) expect(Math.abs(erf(x) - y)).toBeLessThan(1e-14)
  })

  it('scales to length 1, and leaves zeros alone', () => {
    expect([...normalized(new Float32Array([3, 4]))]).toEqual([Math.fround(0.6), Math.fround(0.8)])
    expect([...normalized(new Float32Array(2))]).toEqual([0, 0])
  })

  it('counts positions from the padding id on, and leaves padding inside a text there', () => {
    const ids = BigInt64Array.from([0n, 7n, 1n, 8n, 0n, 9n, 9n, 2n])
    expect([...positionsAfter(1n, ids, 2, 4)]).toEqual([2n, 3n, 1n, 4n, 2n, 3n, 4n, 5n])
  })

  it('writes protocol buffers', () => {
    // protoc's encoding of { 1: 300, 2: "hé", 3: { 1: -1 }, 4: 1.5f }.
    const bytes = new ProtoWriter()
      .int(1, 300)
      .string(2, 'hé')
      .message(3, new ProtoWriter().int(1, -1))
      .float(4, 1.5)
      .finish()
    expect(Buffer.from(bytes).toString('hex')).toBe('08ac02120368c3a91a0b08ffffffffffffffffff01250000c03f')
  })
})

describe('hashFiles', () => {
  const sha = (text: string) => createHash('sha256').update(text).digest('hex')

  it('hashes contents, and keeps hashes until a file changes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hash-'))
    const [a, b, cache] = ['a', 'b', 'cache.json'].map((name) => join(folder, name)) as [string, string, string]
    await writeFile(a, 'one')
    await writeFile(b, 'two')
    expect(await hashFiles([a, b], null)).toEqual([sha('one'), sha('two')])
    expect(await hashFiles([a], cache)).toEqual([sha('one')])
    expect(await hashFiles([b], cache)).toEqual([sha('two')])
    // What the cache says is believed as long as the file looks the same …
    await writeFile(cache, (await readFile(cache, 'utf8')).replace(sha('one'), 'f'.repeat(64)))
    expect(await hashFiles([a, b], cache)).toEqual(['f'.repeat(64), sha('two')])
    // … and no longer: same size, other time.
    await writeFile(a, 'eno')
    await utimes(a, 1, 1)
    expect(await hashFiles([a], cache)).toEqual([sha('eno')])
  })

  it('goes on with a broken cache', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hash-'))
    await writeFile(join(folder, 'a'), 'one')
    await writeFile(join(folder, 'cache.json'), '{"broken')
    expect(await hashFiles([join(folder, 'a')], join(folder, 'cache.json'))).toEqual([sha('one')])
  })
})
