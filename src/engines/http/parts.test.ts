import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { cutBatches, inParallel } from './batches.ts'
import { decodeBase64 } from './openai.ts'
import { readKey, resolveHttpOptions } from './options.ts'
import { backOffMs, retryAfterMs, snippet } from './request.ts'

describe('resolveHttpOptions', () => {
  it.each([
    ['http://localhost:8000/v1', 'openai', '/v1'],
    ['http://localhost:8000/v1/embeddings/', 'openai', '/v1'],
    ['http://localhost:8000/proxy/v1/', 'openai', '/proxy/v1'],
    ['http://localhost:8080', 'tei', '/'],
    ['http://localhost:8080/embed', 'tei', '/'],
  ])('guesses the interface of %s', (url, api, path) => {
    const options = resolveHttpOptions({ url, model: 'm' })
    expect([options.api, options.base.pathname]).toEqual([api, path])
  })

  it('sends OPENAI_API_KEY to OpenAI only', () => {
    const variable = (url: string) => resolveHttpOptions({ url, model: 'm' }).apiKeyEnv
    expect(variable('https://api.openai.com/v1')).toBe('OPENAI_API_KEY')
    expect(variable('https://notopenai.com/v1')).toBeNull()
    expect(variable('http://localhost:8000/v1')).toBeNull()
  })

  it.each([
    [{ url: 'localhost' }, 'url'],
    [{ url: 'ftp://localhost/v1' }, 'url'],
    [{ url: 'https://user:pass@host/v1' }, 'url'],
    [{ url: 'https://host/v1?key=secret' }, 'url'],
    [{ batchSize: 0 }, 'batchSize'],
    [{ retries: -1 }, 'retries'],
    [{ dimensions: 1.5 }, 'dimensions'],
    [{ model: '' }, 'model'],
  ])('refuses %j', (wrong, field) => {
    let error: unknown
    try {
      resolveHttpOptions({ url: 'http://h/v1', model: 'm', ...wrong })
    } catch (e) {
      error = e
    }
    expect(error).toMatchObject({ code: 'USAGE', where: { field } })
    expect(String(error)).not.toMatch(/secret|pass/)
  })
})

describe('readKey', () => {
  afterEach(() => {
    delete process.env.FIELDTRIAL_TEST_KEY
  })

  it('refuses what is missing or cannot be a header, without showing it', () => {
    expect(readKey(null)).toBeNull()
    expect(() => readKey('FIELDTRIAL_TEST_KEY')).toThrow(/FIELDTRIAL_TEST_KEY is not set/)
    process.env.FIELDTRIAL_TEST_KEY = 'sec ret\nkey'
    expect(() => readKey('FIELDTRIAL_TEST_KEY')).toThrow(/^(?!.*sec).*FIELDTRIAL_TEST_KEY/)
    process.env.FIELDTRIAL_TEST_KEY = ' abc\n'
    expect(readKey('FIELDTRIAL_TEST_KEY')).toBe('abc')
  })
})

describe('retries', () => {
  it('reads Retry-After in seconds and as a date', () => {
    expect(retryAfterMs('2')).toBe(2000)
    expect(retryAfterMs('Wed, 21 Oct 2015 07:28:00 GMT', Date.UTC(2015, 9, 21, 7, 27, 30))).toBe(30_000)
    expect(retryAfterMs('Wed, 21 Oct 2015 07:28:00 GMT', Date.UTC(2016, 1, 1))).toBe(0)
    expect(retryAfterMs('soon')).toBeNull()
    expect(retryAfterMs(null)).toBeNull()
  })

  it('doubles the pause up to a minute, half of it by chance', () => {
    expect([0, 1, 2, 20].map((n) => backOffMs(n, 500, () => 1))).toEqual([500, 1000, 2000, 60_000])
    expect(backOffMs(1, 500, () => 0)).toBe(500)
  })
})

describe('snippet', () => {
  it('never shows the key, not even a part of it at the cut', () => {
    const key = 'abcdefghij"klmnop'
    for (let pad = 150; pad < 210; pad++) {
      expect(snippet('x'.repeat(pad) + key, key)).not.toMatch(/abc|nop/)
      expect(snippet(JSON.stringify('x'.repeat(pad) + key), key)).not.toMatch(/abc|nop/)
    }
    expect(snippet('a\n  b', null)).toBe('a b')
    expect(snippet('', null)).toBe('an empty body')
  })
})

describe('cutBatches', () => {
  it('covers every text once, in order, within the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50)),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 60 }),
        (lengths, size, most) => {
          const batches = cutBatches(lengths, size, most)
          expect(batches.flatMap(({ start, end }) => lengths.slice(start, end))).toEqual(lengths)
          for (const { start, end } of batches) {
            expect(end - start).toBeGreaterThan(0)
            expect(end - start).toBeLessThanOrEqual(size)
            const sum = lengths.slice(start, end).reduce((a, b) => a + b, 0)
            expect(end - start === 1 || sum <= most).toBe(true)
          }
        },
      ),
    )
  })
})

describe('inParallel', () => {
  it('throws the first failure and starts nothing after it', async () => {
    const started: number[] = []
    const run = inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
      started.push(item)
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (item >= 1) throw new Error(`item ${item}`)
    })
    await expect(run).rejects.toThrow('item 1')
    expect(started.length).toBeLessThan(5)
  })
})

describe('decodeBase64', () => {
  it('reads little-endian float32 and refuses what is no whole number of floats', () => {
    const floats = new Float32Array([1.5, -2, 3e-20])
    expect(decodeBase64(Buffer.from(floats.buffer).toString('base64'))).toEqual(floats)
    expect(decodeBase64('AAAA')).toBeNull()
    expect(decodeBase64('no base64!')).toBeNull()
  })
})
