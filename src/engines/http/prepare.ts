import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { templateParts } from '../../recipes/template.ts'
import type { Prompt, Recipe } from '../../recipes/types.ts'
import type { EncoderInfo, PreparedEncoder } from '../types.ts'
import { EMPTY_TEXT, HttpEncoder } from './encoder.ts'
import { type HttpOptions, type ResolvedHttpOptions, readKey, resolveHttpOptions } from './options.ts'
import type { RequestPolicy } from './request.ts'
import { type TeiInfo, teiInfo } from './tei.ts'

/** Raised when a change of this engine changes vectors. */
const ENGINE_VERSION = 1

/** `maxLength` of a recipe whose server does not tell where it cuts. */
const UNKNOWN_LENGTH = 0

function recipeOf(options: ResolvedHttpOptions, maxLength: number | null): Recipe {
  const length = maxLength ?? UNKNOWN_LENGTH
  return {
    id: 'http',
    source: `${options.api === 'tei' ? 'TEI' : 'OpenAI-compatible'} server at ${options.base.host}`,
    prompts: { query: [promptOf(options.prefix.query)], document: [promptOf(options.prefix.document)] },
    imagePrompts: null,
    contents: 'as-is',
    // The rest is done by the server.
    pooling: [],
    span: 'all',
    layer: null,
    finalNorm: null,
    attention: 'model',
    maxLength: { query: length, document: length },
    lengthOf: 'prompt',
    sparse: null,
    generate: null,
    normalize: options.normalize,
    similarity: options.similarity,
  }
}

function promptOf(prefix: string): Prompt {
  return {
    parts: templateParts(prefix),
    join: 'text',
    addSpecialTokens: true,
    end: null,
  }
}

function resolveLength(options: ResolvedHttpOptions, tei: TeiInfo | null): number | null {
  const { maxLength } = options
  if (tei === null || maxLength === null || tei.maxInputLength === null) return maxLength ?? tei?.maxInputLength ?? null
  if (maxLength !== tei.maxInputLength)
    throw new FieldtrialError(
      'USAGE',
      `maxLength is ${maxLength}, but the TEI server at ${options.base.host} cuts at ${tei.maxInputLength} tokens.`,
      { hint: 'Leave maxLength out, or start the server with another limit.', where: { field: 'maxLength' } },
    )
  return maxLength
}

/**
 * A model behind an OpenAI-compatible (`POST {url}/embeddings`) or TEI (`POST {url}/embed`) server.
 *
 * The identity holds what can be known from outside: address, model name, prompts, dimensions, lengths, normalisation, what stands for
 * the empty text, and of a TEI server the model's id, commit and dtype. A server that changes its weights under the same name goes
 * unnoticed; a warning says so. `recipe.maxLength` is 0 where the server does not tell.
 *
 * An OpenAI-compatible server is not contacted before `open()`, which sends one short text to learn the dimension and to fail early;
 * a TEI server is asked for `/info` here.
 *
 * @throws FieldtrialError `USAGE` for options that make no sense or a key that is not set; `NETWORK`, `ENGINE_FAILED` as the encoder does.
 */
export async function prepareHttp(
  given: HttpOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<PreparedEncoder> {
  const asked = resolveHttpOptions(given)
  const policy = (key: string | null): RequestPolicy => ({
    key,
    timeoutMs: asked.timeoutMs,
    retries: asked.retries,
    retryDelayMs: asked.retryDelayMs,
  })
  const tei = asked.api === 'tei' ? await teiInfo(asked, policy(readKey(asked.apiKeyEnv)), signal) : null
  const maxLength = resolveLength(asked, tei)
  const options: ResolvedHttpOptions = {
    ...asked,
    batchSize: Math.min(asked.batchSize, tei?.maxBatchSize ?? asked.batchSize),
  }
  const identity: Json = {
    engine: 'http',
    version: ENGINE_VERSION,
    api: options.api,
    url: `${options.base.origin}${options.base.pathname === '/' ? '' : options.base.pathname}`,
    model: options.model,
    prefix: { query: options.prefix.query, document: options.prefix.document },
    dimensions: options.dimensions,
    normalize: options.normalize,
    similarity: options.similarity,
    maxLength,
    maxCharacters: options.maxCharacters,
    emptyText: EMPTY_TEXT,
    server:
      tei === null ? null : { model: tei.modelId, revision: tei.revision, dtype: tei.dtype, pooling: tei.pooling },
  }
  const warnings = [
    'The vectors come from a server: fieldtrial cannot see its weights, so the fingerprint rests on the model name and address.',
    ...(maxLength === null ? ['The server does not tell where it cuts long texts.'] : []),
  ]
  const info: EncoderInfo = {
    engine: 'http',
    model: options.model,
    identity,
    recipe: recipeOf(options, maxLength),
    dimension: options.dimensions,
    parameters: null,
    weightBytes: null,
    memoryBytes: null,
    warnings,
  }
  return {
    info,
    open: async (opening = {}) =>
      HttpEncoder.open(info, options, policy(readKey(options.apiKeyEnv)), opening.signal ?? undefined),
  }
}
