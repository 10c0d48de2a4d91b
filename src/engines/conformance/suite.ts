import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Side } from '../../recipes/types.ts'
import type { Encoded, Encoder } from '../types.ts'
import { cosine, rowOf } from './compare.ts'
import { BLANK_TEXT, LONG_TEXT, PLAIN_TEXTS, UNICODE_TEXTS } from './texts.ts'

/** One question put to an encoder, and its answer. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** Figures where it holds, what went wrong where it does not. */
  readonly detail: string
}

export interface ConformanceOptions {
  readonly signal?: AbortSignal
  /**
   * The least cosine between a text's vector alone and among others. Default 0.99999: float32 rounding. A server that computes in 16 bits
   * may need 0.999.
   */
  readonly minCosine?: number
}

interface Ask {
  (texts: readonly string[], side?: Side): Promise<Encoded>
  /** The plain texts as documents: asked for once, since most checks need them. */
  plain(): Promise<Encoded>
}
type Test = (ask: Ask, encoder: Encoder, least: number) => Promise<string>

/** Says why a check fails; anything else that is thrown is told as it is. */
class Failure extends Error {}

/**
 * What every engine must fulfil, whatever the model. Plain functions, so that tests and `fieldtrial doctor` ask the same questions.
 * The encoder stays open.
 *
 * @returns One entry per check, failures included.
 * @throws FieldtrialError `CANCELLED` only.
 */
export async function runConformance(encoder: Encoder, options: ConformanceOptions = {}): Promise<Check[]> {
  const { signal, minCosine = 0.99999 } = options
  const encode = async (texts: readonly string[], side: Side = 'document') => {
    const encoded = await encoder.encode(texts, side, signal ? { signal } : {})
    requireShape(encoded, texts.length)
    return encoded
  }
  let plain: Encoded | undefined
  const ask: Ask = Object.assign(encode, {
    plain: async () => {
      plain ??= await encode(PLAIN_TEXTS)
      return plain
    },
  })
  const checks: Check[] = []
  for (const [name, test] of TESTS) {
    throwIfAborted(signal)
    try {
      checks.push({ name, ok: true, detail: await test(ask, encoder, minCosine) })
    } catch (error) {
      throwIfAborted(signal)
      checks.push({ name, ok: false, detail: (error as Error).message })
    }
  }
  return checks
}

const TESTS: readonly (readonly [name: string, test: Test])[] = [
  [
    'dimension is constant',
    async (ask, { info }) => {
      const seen = new Set<number>()
      seen.add((await ask.plain()).dimension)
      for (const text of PLAIN_TEXTS.slice(0, 2)) seen.add((await ask([text])).dimension)
      seen.add((await ask(PLAIN_TEXTS.slice(1, 2), 'query')).dimension)
      if (info.dimension !== null) seen.add(info.dimension)
      if (seen.size !== 1) throw new Failure(`dimensions ${[...seen].join(', ')} were seen`)
      return `${[...seen][0]} everywhere`
    },
  ],
  [
    'a batch of one equals a batch of many',
    async (ask, _, least) => {
      const many = await ask.plain()
      let worst = 1
      for (const [i, text] of PLAIN_TEXTS.entries())
        worst = Math.min(
          worst,
          requireSame(await ask([text]), 0, many, i, least, `text ${i} alone and among ${PLAIN_TEXTS.length}`),
        )
      return `lowest cosine ${worst.toFixed(7)}`
    },
  ],
  [
    'order is kept',
    async (ask, _, least) => {
      const forth = await ask.plain()
      const back = await ask(PLAIN_TEXTS.toReversed())
      const last = PLAIN_TEXTS.length - 1
      PLAIN_TEXTS.forEach(
        (_text, i) => void requireSame(back, last - i, forth, i, least, `text ${i} in reversed order`),
      )
      return `${PLAIN_TEXTS.length} texts, forwards and backwards`
    },
  ],
  [
    'different texts get different vectors',
    async (ask) => {
      const encoded = await ask.plain()
      for (let i = 0; i < PLAIN_TEXTS.length; i++)
        for (let j = 0; j < i; j++)
          if (cosine(rowOf(encoded, i), rowOf(encoded, j)) > 1 - 1e-9)
            throw new Failure(`texts ${j} and ${i} have one vector`)
      return `${PLAIN_TEXTS.length} texts`
    },
  ],
  [
    'the same call gives the same vectors',
    async (ask) => {
      const [first, second] = [await ask.plain(), await ask(PLAIN_TEXTS)]
      const differing = first.vectors.findIndex((x, i) => x !== second.vectors[i])
      if (differing === -1) return 'bit for bit'
      PLAIN_TEXTS.forEach((_, i) => void requireSame(first, i, second, i, 0.999999, `text ${i} twice`))
      return 'but for rounding'
    },
  ],
  [
    'norms are as the recipe says',
    async (ask, { info }) => {
      const encoded = await ask.plain()
      const norms = PLAIN_TEXTS.map((_, i) => Math.hypot(...rowOf(encoded, i)))
      const range = `${Math.min(...norms).toPrecision(6)} to ${Math.max(...norms).toPrecision(6)}`
      if (norms.some((norm) => !(norm > 0))) throw new Failure(`a vector has length 0 (lengths ${range})`)
      if (info.recipe.normalize && norms.some((norm) => Math.abs(norm - 1) > 1e-3))
        throw new Failure(`the recipe normalises, but lengths go from ${range}`)
      return `lengths ${range}`
    },
  ],
  [
    'an empty string is encoded',
    async (ask, _, least) => {
      const among = await ask([PLAIN_TEXTS[0]!, '', PLAIN_TEXTS[1]!, ''])
      requireSame(among, 1, among, 3, least, 'two empty strings')
      await ask([BLANK_TEXT])
      requireSame(among, 0, await ask.plain(), 0, least, 'the text before an empty string')
      return among.tokens[1] === -1 ? 'encoded' : `${among.tokens[1]} tokens`
    },
  ],
  ['no texts give no vectors', async (ask) => `${(await ask([])).vectors.length} numbers`],
  [
    'a very long text is cut and says so',
    async (ask, { info }, least) => {
      const encoded = await ask([PLAIN_TEXTS[0]!, LONG_TEXT])
      requireSame(encoded, 0, await ask.plain(), 0, least, 'a text beside a very long one')
      const [tokens, truncated] = [encoded.tokens[1]!, encoded.truncated[1]!]
      if (truncated === 255) return `${LONG_TEXT.length} characters; the server does not tell whether it cut`
      const { lengthOf, prompts } = info.recipe
      // Several prompts, or prompts around a text of limited length, may take more.
      const limit = lengthOf === 'prompt' && prompts.document.length === 1 ? info.recipe.maxLength.document : 0
      if (limit > 0 && tokens > limit) throw new Failure(`${tokens} tokens went in; the recipe keeps ${limit}`)
      if (limit > 0 && truncated !== 1 && tokens === limit) throw new Failure('it was cut without being marked')
      if (encoded.truncated[0] !== 0) throw new Failure('a short text is marked as cut')
      return `${tokens} tokens of ${LONG_TEXT.length} characters, ${truncated ? 'marked as cut' : 'whole'}`
    },
  ],
  [
    'unicode passes',
    async (ask, _, least) => {
      const many = await ask(UNICODE_TEXTS)
      for (const [i, text] of UNICODE_TEXTS.entries())
        requireSame(await ask([text]), 0, many, i, least, `unicode text ${i}`)
      return `${UNICODE_TEXTS.length} texts: emoji, combining marks, right to left, ideographs, control characters, lone surrogates`
    },
  ],
  [
    'queries and documents are both encoded',
    async (ask) => {
      const [query, document] = [await ask(PLAIN_TEXTS, 'query'), await ask.plain()]
      const same = PLAIN_TEXTS.map((_, i) => cosine(rowOf(query, i), rowOf(document, i)))
      return `cosine between a text as query and as document: ${Math.min(...same).toFixed(4)} to ${Math.max(...same).toFixed(4)}`
    },
  ],
  [
    'a cancelled call stops and harms no other',
    async (ask, encoder, least) => {
      const before = await ask.plain()
      const abort = new AbortController()
      const long = Array.from(
        { length: 64 },
        (_, i) => `${PLAIN_TEXTS[i % PLAIN_TEXTS.length]} ${LONG_TEXT.slice(0, 2000)}`,
      )
      const stopped = outcome(encoder.encode(long, 'document', { signal: abort.signal }))
      abort.abort()
      requireCancelled(await stopped, 'in a call under way')
      requireCancelled(
        await outcome(encoder.encode(PLAIN_TEXTS, 'document', { signal: abort.signal })),
        'before a call',
      )
      const after = await ask(PLAIN_TEXTS)
      PLAIN_TEXTS.forEach((_, i) => void requireSame(after, i, before, i, least, `text ${i} after a cancelled call`))
      return 'before and during a call'
    },
  ],
]

/** Sizes fit, and no number is NaN or infinite. */
function requireShape(encoded: Encoded, texts: number): void {
  const { vectors, dimension, tokens, truncated } = encoded
  if (vectors.length !== texts * dimension)
    throw new Failure(`${vectors.length} numbers came for ${texts} texts of dimension ${dimension}`)
  if (tokens.length !== texts || truncated.length !== texts)
    throw new Failure(`token counts for ${tokens.length} and cuts for ${truncated.length} of ${texts} texts`)
  const at = vectors.findIndex((x) => !Number.isFinite(x))
  if (at !== -1) throw new Failure(`text ${Math.floor(at / dimension)} got ${vectors[at]} in its vector`)
}

function requireSame(a: Encoded, i: number, b: Encoded, j: number, least: number, what: string): number {
  const similarity = cosine(rowOf(a, i), rowOf(b, j))
  if (similarity >= least) return similarity
  throw new Failure(`${what}: cosine ${similarity.toFixed(7)}, below ${least}`)
}

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return null
  } catch (error) {
    return error
  }
}

function requireCancelled(error: unknown, when: string): void {
  if (error instanceof FieldtrialError && error.code === 'CANCELLED') return
  throw new Failure(
    `a signal ${when} gave ${error === null ? 'a result' : `"${(error as Error).message}"`}, not CANCELLED`,
  )
}
