import { describe, expect, it } from 'vitest'
import { hashVector, startEmbeddingServer } from '../../../test/support/embedding-server.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { prepareHttp } from '../http/prepare.ts'
import { itemOf } from '../text/inputs.ts'
import type { Encoded, Encoder } from '../types.ts'
import { compareEncoders } from './compare.ts'
import { runConformance } from './suite.ts'

const DIMENSION = 8
const MAX_LENGTH = 50

interface Fault {
  /** Changes a good answer into a bad one. */
  readonly spoil?: (encoded: Encoded, texts: readonly string[], call: number) => Encoded
  readonly refuse?: (text: string) => boolean
  readonly deaf?: boolean
  readonly seed?: string
}

const BARE = { parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null } as const

/** An encoder that is right but for one fault: unit vectors out of hashes, one token per word. */
function encoderWith({ spoil, refuse, deaf = false, seed = '' }: Fault = {}): Encoder {
  let calls = 0
  return {
    info: {
      engine: 'onnx',
      model: 'hash',
      identity: null,
      recipe: {
        id: 'hash',
        source: '',
        prompts: { query: [BARE], document: [BARE] },
        imagePrompts: null,
        contents: 'as-is',
        pooling: ['mean'],
        span: 'all',
        layer: null,
        finalNorm: null,
        attention: 'model',
        maxLength: { query: MAX_LENGTH, document: MAX_LENGTH },
        lengthOf: 'prompt',
        sparse: null,
        generate: null,
        normalize: true,
        similarity: 'cosine',
      },
      dimension: DIMENSION,
      parameters: null,
      weightBytes: null,
      memoryBytes: null,
      warnings: [],
    },
    async encode(inputs, side, { signal } = {}) {
      const texts = inputs.map((input) => itemOf(input).text)
      const call = ++calls
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (signal?.aborted && !deaf) throw new FieldtrialError('CANCELLED', 'Stopped.')
      if (refuse !== undefined && texts.some(refuse)) throw new Error('the model choked')
      const words = texts.map((text) => text.split(' ').length)
      const vectors = new Float32Array(texts.length * DIMENSION)
      texts.forEach((text, i) => {
        const vector = hashVector(`${seed}${side}${text.split(' ').slice(0, MAX_LENGTH).join(' ')}`, DIMENSION)
        const length = Math.hypot(...vector)
        vectors.set(
          vector.map((x) => x / length),
          i * DIMENSION,
        )
      })
      const encoded: Encoded = {
        vectors,
        dimension: DIMENSION,
        tokens: Int32Array.from(words, (n) => Math.min(n, MAX_LENGTH)),
        truncated: Uint8Array.from(words, (n) => Number(n > MAX_LENGTH)),
      }
      return spoil?.(encoded, texts, call) ?? encoded
    },
    close: async () => {},
  }
}

/** Names of the checks that fail. */
async function failing(fault: Fault): Promise<string[]> {
  return (await runConformance(encoderWith(fault))).filter((check) => !check.ok).map((check) => check.name)
}

/** The same answer with other numbers. */
const change = (encoded: Encoded, number: (x: number, i: number) => number): Encoded => ({
  ...encoded,
  vectors: encoded.vectors.map(number),
})

describe('runConformance', () => {
  it('passes an encoder without fault', async () => {
    const checks = await runConformance(encoderWith())
    expect(checks.filter((check) => !check.ok)).toEqual([])
    expect(checks).toHaveLength(12)
  })

  it.each<[string, string, Fault]>([
    [
      'a vector that depends on its neighbours',
      'a batch of one equals a batch of many',
      {
        spoil: (e, texts) => change(e, (x) => x + 0.01 * texts.length),
      },
    ],
    [
      'rows in the order of length',
      'order is kept',
      {
        spoil: (e, texts) => {
          const order = texts.map((_, i) => i).sort((a, b) => texts[a]!.length - texts[b]!.length)
          return change(e, (_, i) => e.vectors[order[Math.floor(i / DIMENSION)]! * DIMENSION + (i % DIMENSION)]!)
        },
      },
    ],
    [
      'one vector for all',
      'different texts get different vectors',
      { spoil: (e) => change(e, () => Math.sqrt(1 / DIMENSION)) },
    ],
    [
      'noise',
      'the same call gives the same vectors',
      {
        spoil: (e, _, call) => change(e, (x, i) => x + 0.02 * Math.sin(call * 7 + i)),
      },
    ],
    [
      'vectors of another length than the recipe says',
      'norms are as the recipe says',
      { spoil: (e) => change(e, (x) => 2 * x) },
    ],
    ['NaN', 'dimension is constant', { spoil: (e) => change(e, (x, i) => (i === 0 ? Number.NaN : x)) }],
    [
      'a dimension that changes',
      'dimension is constant',
      {
        spoil: (e, _, call) =>
          call % 2 ? e : { ...e, dimension: 4, vectors: e.vectors.slice(0, e.tokens.length * 4) },
      },
    ],
    ['empty strings refused', 'an empty string is encoded', { refuse: (text) => text === '' }],
    ['long texts refused', 'a very long text is cut and says so', { refuse: (text) => text.length > 10_000 }],
    [
      'a cut that is not told',
      'a very long text is cut and says so',
      { spoil: (e) => ({ ...e, truncated: e.truncated.map(() => 0) }) },
    ],
    [
      'more tokens than the recipe keeps',
      'a very long text is cut and says so',
      { spoil: (e) => ({ ...e, tokens: e.tokens.map((n) => n * 2) }) },
    ],
    ['lone surrogates refused', 'unicode passes', { refuse: (text) => !text.isWellFormed() }],
    ['too few token counts', 'no texts give no vectors', { spoil: (e) => ({ ...e, tokens: new Int32Array(1) }) }],
    ['a signal that is not heard', 'a cancelled call stops and harms no other', { deaf: true }],
  ])('finds %s', async (_, check, fault) => {
    expect(await failing(fault)).toContain(check)
  })

  it('ends with CANCELLED when its own signal is given', async () => {
    await expect(runConformance(encoderWith(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })

  it.each(['openai', 'tei'] as const)('passes the http engine, %s interface', async (api) => {
    const server = await startEmbeddingServer({})
    const prepared = await prepareHttp({ url: api === 'openai' ? server.v1 : server.root, model: 'm', api })
    const encoder = await prepared.open()
    try {
      expect((await runConformance(encoder)).filter((check) => !check.ok)).toEqual([])
    } finally {
      await encoder.close()
      await server.close()
    }
  })
})

describe('compareEncoders', () => {
  it('gives lowest and mean cosine, and the worst text', async () => {
    const same = await compareEncoders(encoderWith(), encoderWith(), ['a', 'b'])
    expect(same.min).toBeCloseTo(1, 6)
    const other = await compareEncoders(
      encoderWith(),
      encoderWith({ spoil: (e) => change(e, (x, i) => (i < DIMENSION ? x : -x)) }),
      ['a', 'b'],
    )
    expect(other).toMatchObject({ texts: 2, worst: 1 })
    expect([other.min, other.mean].map((x) => Math.round(x * 1e6) / 1e6 + 0)).toEqual([-1, 0])
  })

  it('refuses encoders that cannot be compared', async () => {
    await expect(compareEncoders(encoderWith(), encoderWith(), [])).rejects.toThrow(RangeError)
    const narrow = encoderWith({ spoil: (e) => ({ ...e, dimension: 4, vectors: e.vectors.slice(0, 4) }) })
    await expect(compareEncoders(encoderWith(), narrow, ['a'])).rejects.toThrow(/dimension 8 and 4/)
  })
})
