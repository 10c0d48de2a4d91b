import { type ErrorCode, FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fillParts } from '../../recipes/template.ts'
import type { Side } from '../../recipes/types.ts'
import { requireTexts } from '../text/inputs.ts'
import type { Encoded, EncodeOptions, Encoder, EncoderInfo, EncoderInput } from '../types.ts'
import { type Batch, cutBatches, inParallel } from './batches.ts'
import { openaiWire } from './openai.ts'
import type { ResolvedHttpOptions } from './options.ts'
import { type RequestPolicy, request, snippet } from './request.ts'
import { teiWire } from './tei.ts'
import type { Reply, Wire } from './wire.ts'

/** Servers refuse the empty string; a single space is what stands for it. Part of the identity. */
export const EMPTY_TEXT = ' '

const TOO_LARGE =
  /too (large|long|many|big)|maximum (context|batch|input|allowed|sequence|model|number)|exceed|context length|batch size|must have less than/i

/** The first `count` code points of a text, or null if it has no more than that. */
function cutCharacters(text: string, count: number): string | null {
  if (text.length <= count) return null
  let units = 0
  for (let taken = 0; taken < count && units < text.length; taken++) units += text.codePointAt(units)! > 0xffff ? 2 : 1
  return units >= text.length ? null : text.slice(0, units)
}

/** Vectors from a running server. Made by `prepareHttp(…).open()`. */
export class HttpEncoder implements Encoder {
  #info: EncoderInfo
  readonly #options: ResolvedHttpOptions
  readonly #policy: RequestPolicy
  readonly #wire: Wire
  readonly #url: URL
  /** What the first answer had; every later one must have it too. */
  #dimension: number | null

  /** @throws FieldtrialError if the first answer, to one short text, is not a good vector. */
  static async open(
    info: EncoderInfo,
    options: ResolvedHttpOptions,
    policy: RequestPolicy,
    signal?: AbortSignal,
  ): Promise<HttpEncoder> {
    const encoder = new HttpEncoder(info, options, policy)
    const { dimension } = await encoder.encode(['fieldtrial'], 'document', signal === undefined ? {} : { signal })
    encoder.#info = { ...info, dimension }
    return encoder
  }

  private constructor(info: EncoderInfo, options: ResolvedHttpOptions, policy: RequestPolicy) {
    this.#info = info
    this.#options = options
    this.#policy = policy
    this.#dimension = info.dimension
    const context = { options, fail: this.#fail }
    this.#wire = options.api === 'openai' ? openaiWire(context) : teiWire(context)
    this.#url = new URL(`${options.base}`.replace(/\/$/, '') + this.#wire.path)
  }

  get info(): EncoderInfo {
    return this.#info
  }

  async encode(given: readonly EncoderInput[], side: Side, options: EncodeOptions = {}): Promise<Encoded> {
    const { signal, onProgress, task = '' } = options
    throwIfAborted(signal)
    const texts = requireTexts(given, this.#info)
    const { batchSize, maxBatchCharacters, concurrency } = this.#options
    const tokens = new Int32Array(texts.length).fill(-1)
    const truncated = new Uint8Array(texts.length).fill(255)
    const inputs = texts.map((text, i) => this.#input(text, side, task, i, truncated))
    const rows = new Array<Float32Array>(texts.length)
    const batches = cutBatches(
      inputs.map((input) => input.length),
      batchSize,
      maxBatchCharacters,
    )
    await inParallel(
      batches,
      concurrency,
      async (batch, stop) => {
        await this.#encodeBatch(inputs, batch, rows, tokens, stop)
        onProgress?.(rows.reduce((done) => done + 1, 0))
      },
      signal,
    )
    const dimension = this.#dimension ?? 0
    const vectors = new Float32Array(texts.length * dimension)
    rows.forEach((row, i) => {
      vectors.set(row, i * dimension)
    })
    return { vectors, dimension, tokens, truncated }
  }

  async close(): Promise<void> {}

  #input(text: string, side: Side, task: string, i: number, truncated: Uint8Array): string {
    const { maxCharacters } = this.#options
    const cut = maxCharacters === null ? null : cutCharacters(text, maxCharacters)
    if (cut !== null) truncated[i] = 1
    // Half a surrogate pair cannot be sent as UTF-8; servers answer it with an error.
    const input = fillParts(this.#info.recipe.prompts[side][0]!.parts, cut ?? text, task).toWellFormed()
    return input === '' ? EMPTY_TEXT : input
  }

  /** Asks for one batch; one that is too large for the server is halved until it fits. */
  async #encodeBatch(
    inputs: readonly string[],
    { start, end }: Batch,
    rows: Float32Array[],
    tokens: Int32Array,
    signal: AbortSignal,
  ): Promise<void> {
    const body = this.#wire.body(inputs.slice(start, end))
    const answer = await request(this.#url, body, this.#policy, signal)
    if (answer.status === 200) {
      const reply = this.#wire.read(answer.body, end - start)
      for (let i = start; i < end; i++) rows[i] = this.#checked(reply, i - start, i, answer.body)
      if (reply.tokens !== null) tokens[start] = reply.tokens
      return
    }
    if (this.#wire.shouldAskOtherwise(answer.status, answer.body))
      return this.#encodeBatch(inputs, { start, end }, rows, tokens, signal)
    const tooLarge = answer.status === 413 || ([400, 422].includes(answer.status) && TOO_LARGE.test(answer.body))
    if (tooLarge && end - start > 1) {
      const middle = start + Math.ceil((end - start) / 2)
      await this.#encodeBatch(inputs, { start, end: middle }, rows, tokens, signal)
      return this.#encodeBatch(inputs, { start: middle, end }, rows, tokens, signal)
    }
    throw this.#refusal(answer.status, answer.body, tooLarge ? inputs[start]!.length : null)
  }

  #refusal(status: number, body: string, tooLong: number | null): FieldtrialError {
    const { apiKeyEnv, maxLength, dimensions } = this.#options
    const said = `${this.#url} answered HTTP ${status}: ${snippet(body, this.#policy.key)}`
    if (tooLong !== null)
      return new FieldtrialError('NETWORK', `A text of ${tooLong} characters is too long for the server. ${said}`, {
        hint: 'Set maxLength (vLLM) or maxCharacters, so that long texts are cut and counted as truncated.',
      })
    if (status === 401 || status === 403)
      return new FieldtrialError('NETWORK', said, {
        hint: apiKeyEnv
          ? `Check the key in the environment variable ${apiKeyEnv}.`
          : 'No key was sent: name the environment variable that holds it with apiKeyEnv.',
      })
    if (status === 404)
      return new FieldtrialError('NETWORK', said, {
        hint: 'Check the address (with /v1 for OpenAI-compatible servers), api and the model name.',
      })
    const extras = [maxLength === null ? '' : 'maxLength', dimensions === null ? '' : 'dimensions'].filter(Boolean)
    return new FieldtrialError('NETWORK', said, {
      hint:
        extras.length > 0
          ? `The server may not know ${extras.join(' and ')}: try without.`
          : 'Check the address, api and the model name.',
    })
  }

  /** A row with every number looked at, scaled to length 1 if asked for. */
  #checked(reply: Reply, position: number, text: number, body: string): Float32Array {
    const given = reply.vectors[position]!
    const expected = this.#dimension ?? given.length
    if (given.length === 0) throw this.#fail('ENGINE_FAILED', `text ${text + 1} got an empty vector`, body)
    if (given.length !== expected)
      throw this.#fail('ENGINE_FAILED', `a vector has dimension ${given.length}, not ${expected}`, body)
    const row = new Float32Array(expected)
    let squares = 0
    for (let j = 0; j < expected; j++) {
      const value = given[j]
      // Rust's JSON writer turns NaN into null, so null is not a gap to be filled.
      if (typeof value !== 'number' || !Number.isFinite(value) || !Number.isFinite(Math.fround(value)))
        throw this.#fail(
          'ENGINE_FAILED',
          `the vector of text ${text + 1} holds ${String(value)} at ${j}, not a finite number`,
          body,
        )
      row[j] = value
      squares += row[j]! * row[j]!
    }
    if (squares === 0) throw this.#fail('ENGINE_FAILED', `the vector of text ${text + 1} is all zeros`, body)
    this.#dimension ??= expected
    if (this.#options.normalize) {
      const length = Math.sqrt(squares)
      for (let j = 0; j < expected; j++) row[j] = row[j]! / length
    }
    return row
  }

  readonly #fail = (code: ErrorCode, what: string, body: string): FieldtrialError =>
    new FieldtrialError(code, `${this.#url}: ${what}. It answered: ${snippet(body, this.#policy.key)}`, {
      hint: 'Look at the server and its log: these vectors cannot be used.',
    })
}
