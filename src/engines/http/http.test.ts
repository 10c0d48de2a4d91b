import { afterEach, describe, expect, it } from 'vitest'
import {
  type EmbeddingServer,
  type Failure,
  hashVector,
  type ServerOptions,
  startEmbeddingServer,
} from '../../../test/support/embedding-server.ts'
import { FieldtrialError } from '../../core/errors.ts'
import type { Encoder } from '../types.ts'
import type { HttpOptions } from './options.ts'
import { prepareHttp } from './prepare.ts'

const KEY = 'sk-very/secret+key"1'
const servers: EmbeddingServer[] = []

afterEach(async () => {
  delete process.env.FIELDTRIAL_TEST_KEY
  delete process.env.OPENAI_API_KEY
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: ServerOptions = {}): Promise<EmbeddingServer> {
  const server = await startEmbeddingServer(options)
  servers.push(server)
  return server
}

async function connect(server: EmbeddingServer, api: 'openai' | 'tei', extra: Partial<HttpOptions> = {}) {
  const options: HttpOptions = {
    url: api === 'openai' ? server.v1 : server.root,
    model: 'm',
    retries: 2,
    retryDelayMs: 1,
    timeoutMs: 5000,
    ...extra,
  }
  return (await prepareHttp(options)).open()
}

async function failureOf(promise: Promise<unknown>): Promise<FieldtrialError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(FieldtrialError)
  return error as FieldtrialError
}

function unit(vector: Float32Array): number[] {
  const length = Math.hypot(...vector)
  return Array.from(vector, (x) => Math.fround(x / length))
}

async function rowsOf(encoder: Encoder, texts: string[]): Promise<number[][]> {
  const { vectors, dimension } = await encoder.encode(texts, 'document')
  return texts.map((_, i) => [...vectors.subarray(i * dimension, (i + 1) * dimension)])
}

const texts = Array.from({ length: 23 }, (_, i) => `text ${i} ${'é漢😀'.repeat(i % 3)}`)

describe.each(['openai', 'tei'] as const)('http engine, %s interface', (api) => {
  it('gives the server’s vectors, scaled to length 1, in order, whatever the batches', async () => {
    const server = await start({ scale: 3 })
    const want = texts.map((text) => unit(hashVector(text, 8, 3)))
    for (const extra of [{}, { batchSize: 1 }, { batchSize: 5, concurrency: 4 }, { maxBatchCharacters: 20 }]) {
      const encoder = await connect(server, api, extra)
      expect(encoder.info.dimension).toBe(8)
      const rows = await rowsOf(encoder, texts)
      rows.forEach((row, i) => {
        row.forEach((x, j) => {
          expect(x).toBeCloseTo(want[i]![j]!, 6)
        })
      })
    }
  })

  it('leaves lengths alone when not asked to normalise', async () => {
    const server = await start({ scale: 3 })
    const encoder = await connect(server, api, { normalize: false })
    expect(encoder.info.recipe.similarity).toBe('dot')
    expect(await rowsOf(encoder, ['a'])).toEqual([[...hashVector('a', 8, 3)]])
  })

  it('puts the prompt of the side before the text, and a space in the place of nothing', async () => {
    const server = await start()
    const encoder = await connect(server, api, { prompts: { query: 'query: ' } })
    await encoder.encode(['x', ''], 'query')
    await encoder.encode(['x', ''], 'document')
    const inputs = server.seen.slice(-2).map(({ body }) => body.input ?? body.inputs)
    expect(inputs).toEqual([
      ['query: x', 'query: '],
      ['x', ' '],
    ])
    expect(encoder.info.identity).toMatchObject({ emptyText: ' ', prefix: { query: 'query: ', document: '' } })
  })

  it('takes no texts, and half a surrogate pair', async () => {
    const server = await start()
    const encoder = await connect(server, api)
    expect((await encoder.encode([], 'query')).vectors).toHaveLength(0)
    await encoder.encode(['\ud83d'], 'query')
    expect(server.seen.at(-1)!.body[api === 'openai' ? 'input' : 'inputs']).toEqual(['\ufffd'])
  })

  it.each<[Failure, number]>([
    ['500-then-ok', 3],
    ['close-then-ok', 2],
  ])('tries again after %s', async (failure, tries) => {
    const server = await start({ failure })
    const encoder = await connect(server, api)
    expect(server.seen.filter(({ path }) => path !== '/info')).toHaveLength(tries)
    expect(encoder.info.dimension).toBe(8)
  })

  it('waits as long as Retry-After says', async () => {
    const server = await start({ failure: '429-then-ok' })
    await connect(server, api)
    const [first, second] = server.seen.filter(({ path }) => path !== '/info')
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990)
  })

  it.each<[Failure, string, RegExp]>([
    ['500', 'NETWORK', /3 tries.*HTTP 500/],
    ['close', 'NETWORK', /3 tries.*(other side closed|ECONNRESET)/],
    ['401', 'NETWORK', /HTTP 401/],
    ['not-json', 'NETWORK', /not JSON.*gateway/],
    ['redirect', 'NETWORK', /HTTP 307/],
    ['nan', 'ENGINE_FAILED', /NaN/],
    ['null', 'ENGINE_FAILED', /(null|NaN)/],
    ['zero', 'ENGINE_FAILED', /all zeros/],
    ['missing-item', 'ENGINE_FAILED', /2 vectors came back for 3 texts/],
    ['extra-item', 'ENGINE_FAILED', /4 vectors came back for 3 texts/],
    ['dimension', 'ENGINE_FAILED', /dimension 7, not 8/],
  ])('fails clearly on %s', async (failure, code, message) => {
    const server = await start({ base64: 'ignore' })
    const encoder = await connect(server, api)
    server.set(failure)
    const error = await failureOf(encoder.encode(['a', 'b', 'c'], 'document'))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    expect(error.hint).toBeTruthy()
  })

  it('times out on a server that never answers', async () => {
    const server = await start({ failure: 'hang' })
    const error = await failureOf(connect(server, api, { timeoutMs: 60, retries: 1 }))
    expect([error.code, error.message]).toEqual(['NETWORK', expect.stringMatching(/2 tries.*no answer within 60 ms/)])
  })

  it('stops at once when cancelled, while waiting for an answer and while waiting to try again', async () => {
    for (const failure of ['hang', '500'] as const) {
      const server = await start()
      const encoder = await connect(server, api, { retryDelayMs: 50_000 })
      server.set(failure)
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 60)
      const before = Date.now()
      expect((await failureOf(encoder.encode(['a'], 'query', { signal: stop.signal }))).code).toBe('CANCELLED')
      expect(Date.now() - before).toBeLessThan(2000)
    }
  })

  it('notices a dimension that changes between requests, and one that was not promised', async () => {
    const server = await start({ failure: 'dimension-later' })
    const encoder = await connect(server, api, { batchSize: 1, concurrency: 1 })
    const error = await failureOf(encoder.encode(texts, 'document'))
    expect([error.code, error.message]).toEqual(['ENGINE_FAILED', expect.stringContaining('dimension 7, not 8')])
    const promised = await failureOf(connect(await start(), api, { dimensions: 16 }))
    expect([promised.code, promised.message]).toEqual(['ENGINE_FAILED', expect.stringContaining('dimension 8, not 16')])
  })

  it('halves a batch that is too large for the server', async () => {
    const server = await start({ maxTexts: 2 })
    const encoder = await connect(server, api, { normalize: false })
    expect(await rowsOf(encoder, texts)).toEqual(texts.map((text) => [...hashVector(text, 8)]))
  })

  it('finds the one text that is too long, and cuts it if told to', async () => {
    const server = await start({ maxCharacters: 10 })
    const encoder = await connect(server, api)
    const error = await failureOf(encoder.encode(['a', 'b', 'c'.repeat(11)], 'document'))
    expect([error.code, error.message]).toEqual(['NETWORK', expect.stringContaining('11 characters is too long')])
    const cutting = await connect(server, api, { maxCharacters: 4, normalize: false })
    const encoded = await cutting.encode(['abcd', '😀'.repeat(5)], 'document')
    expect([...encoded.truncated]).toEqual([255, 1])
    expect([...encoded.vectors.subarray(8)]).toEqual([...hashVector('😀'.repeat(4), 8)])
  })

  it('sends the key of the named variable and shows it to nobody', async () => {
    process.env.FIELDTRIAL_TEST_KEY = KEY
    const server = await start({ key: KEY })
    const encoder = await connect(server, api, { apiKeyEnv: 'FIELDTRIAL_TEST_KEY' })
    expect(server.seen.every(({ authorization }) => authorization === `Bearer ${KEY}`)).toBe(true)
    expect(JSON.stringify(encoder.info)).not.toContain('secret')
    for (const failure of ['401', '500'] as const) {
      server.set(failure)
      const error = await failureOf(encoder.encode(['a'], 'query'))
      expect(error.message).toContain('[key]')
      expect(`${error.message} ${error.hint} ${error.stack} ${String(error.cause)}`).not.toContain('secret')
    }
  })

  it('keeps to the number of requests under way', async () => {
    for (const concurrency of [1, 3]) {
      const server = await start()
      const encoder = await connect(server, api, { concurrency, batchSize: 2 })
      await encoder.encode(texts, 'document')
      expect(server.most()).toBe(concurrency)
    }
  })
})

describe('http engine, OpenAI interface', () => {
  it.each(['give', 'ignore', 'refuse'] as const)('works where the server would %s base64', async (base64) => {
    const server = await start({ base64 })
    const encoder = await connect(server, 'openai', { normalize: false })
    expect(await rowsOf(encoder, ['a', 'b'])).toEqual([[...hashVector('a', 8)], [...hashVector('b', 8)]])
    const formats = server.seen.map(({ body }) => body.encoding_format)
    expect(formats).toEqual(base64 === 'refuse' ? ['base64', 'float', 'float'] : ['base64', 'base64'])
  })

  it('puts shuffled items back in order and refuses an index that comes twice', async () => {
    const server = await start({ failure: 'shuffled' })
    const encoder = await connect(server, 'openai', { normalize: false })
    expect(await rowsOf(encoder, texts)).toEqual(texts.map((text) => [...hashVector(text, 8)]))
    server.set('duplicate-index')
    const error = await failureOf(encoder.encode(['a', 'b'], 'query'))
    expect([error.code, error.message]).toEqual(['ENGINE_FAILED', expect.stringContaining('index 0 came back twice')])
  })

  it('refuses NaN inside base64', async () => {
    const server = await start()
    const encoder = await connect(server, 'openai')
    server.set('nan')
    expect((await failureOf(encoder.encode(['a'], 'query'))).code).toBe('ENGINE_FAILED')
  })

  it('tells the tokens of a text sent alone, and sends lengths and dimensions only when set', async () => {
    const server = await start()
    const encoder = await connect(server, 'openai', { maxLength: 128, dimensions: 8 })
    expect([...(await encoder.encode(['a'], 'query')).tokens]).toEqual([7])
    expect([...(await encoder.encode(['a', 'b'], 'query')).tokens]).toEqual([-1, -1])
    expect(server.seen.at(-1)!.body).toEqual({
      model: 'm',
      input: ['a', 'b'],
      encoding_format: 'base64',
      dimensions: 8,
      truncate_prompt_tokens: 128,
    })
    await connect(server, 'openai')
    expect(Object.keys(server.seen.at(-1)!.body).sort()).toEqual(['encoding_format', 'input', 'model'])
  })

  it('contacts nobody before it is opened', async () => {
    const prepared = await prepareHttp({ url: 'http://127.0.0.1:9/v1', model: 'm', retries: 0 })
    expect(prepared.info.dimension).toBeNull()
    const error = await failureOf(prepared.open())
    expect([error.code, error.message]).toEqual(['NETWORK', expect.stringMatching(/1 try.*(ECONNREFUSED|bad port)/)])
  })
})

describe('http engine, TEI interface', () => {
  it('asks the server about itself', async () => {
    const server = await start()
    const { info } = await prepareHttp({ url: server.root, model: 'm' })
    expect(info.identity).toMatchObject({
      maxLength: 256,
      server: { model: 'org/model', revision: 'abc123', dtype: 'float32', pooling: 'mean' },
    })
    expect(info.recipe.maxLength).toEqual({ query: 256, document: 256 })
    const encoder = await connect(server, 'tei')
    await encoder.encode(texts, 'document')
    const bodies = server.seen.filter(({ path }) => path === '/embed').map(({ body }) => body)
    expect(bodies.every(({ truncate, inputs }) => truncate === true && (inputs as string[]).length <= 4)).toBe(true)
    const error = await failureOf(prepareHttp({ url: server.root, model: 'm', maxLength: 64 }))
    expect([error.code, error.where?.field]).toEqual(['USAGE', 'maxLength'])
  })
})
