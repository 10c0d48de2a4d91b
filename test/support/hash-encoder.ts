import { FieldtrialError } from '../../src/core/errors.ts'
import type { Encoded, Encoder } from '../../src/engines/types.ts'
import type { Prompt } from '../../src/recipes/types.ts'
import { hashVector } from './embedding-server.ts'

const BARE: Prompt = { parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null }

/** An encoder for tests of what lies around one: a text's vector is made of its hash, of length 1. Counts the texts it was given. */
export class HashEncoder implements Encoder {
  readonly info: Encoder['info']
  readonly #dimension: number
  readonly #delayMs: number
  /** Texts encoded so far. */
  encoded = 0

  constructor(dimension = 16, delayMs = 0) {
    this.#dimension = dimension
    this.#delayMs = delayMs
    this.info = {
      engine: 'onnx',
      model: 'hash',
      identity: { engine: 'hash', dimension },
      recipe: {
        id: 'hash',
        source: 'a test',
        prompts: { query: [BARE], document: [BARE] },
        imagePrompts: null,
        contents: 'as-is',
        pooling: ['mean'],
        span: 'all',
        layer: null,
        finalNorm: null,
        attention: 'model',
        maxLength: { query: 64, document: 64 },
        lengthOf: 'prompt',
        sparse: null,
        generate: null,
        normalize: true,
        similarity: 'cosine',
      },
      dimension,
      parameters: null,
      weightBytes: null,
      memoryBytes: null,
      warnings: [],
    }
  }

  async encode(
    texts: readonly string[],
    _side: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Encoded> {
    if (this.#delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#delayMs))
    if (options.signal?.aborted) throw new FieldtrialError('CANCELLED', 'Stopped.')
    this.encoded += texts.length
    const d = this.#dimension
    const vectors = new Float32Array(texts.length * d)
    texts.forEach((text, i) => {
      const vector = hashVector(text, d)
      const length = Math.hypot(...vector)
      for (let j = 0; j < d; j++) vectors[i * d + j] = vector[j]! / length
    })
    return {
      vectors,
      dimension: d,
      tokens: Int32Array.from(texts, (text) => text.length),
      truncated: Uint8Array.from(texts, (text) => (text.length > 12 ? 1 : 0)),
    }
  }

  async close(): Promise<void> {}
}

/** Documents d0, d1 … with texts of their own. */
export async function* numberedTexts(count: number): AsyncIterable<{ id: string; text: string }> {
  for (let i = 0; i < count; i++) yield { id: `d${i}`, text: `the text ${i}` }
}
