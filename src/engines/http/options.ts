import { FieldtrialError } from '../../core/errors.ts'

/** The two interfaces that embedding servers speak. */
export type HttpApi = 'openai' | 'tei'

/** How to reach a server and what to ask of it. */
export interface HttpOptions {
  /**
   * Base address. OpenAI-compatible servers (vLLM, llama.cpp, Ollama, hosted ones): up to and including `/v1`;
   * TEI (text-embeddings-inference): the root. A trailing `/embeddings` or `/embed` is taken off.
   */
  readonly url: string
  /** The name by which the server knows the model. */
  readonly model: string
  /** Default: `openai` if the path holds a segment `v1` or ends in `/embeddings`, else `tei`. */
  readonly api?: HttpApi
  /**
   * Environment variable with the key, sent as a bearer token. Default: `OPENAI_API_KEY`, but only to hosts under openai.com,
   * so that the key never goes to a server that it is not meant for; other hosts get a key only if the variable is named here.
   */
  readonly apiKeyEnv?: string
  /** Text put before queries and documents, or templates with `{text}` and `{task}`. Default: none. */
  readonly prompts?: { readonly query?: string; readonly document?: string }
  /** Numbers per vector that the server is asked for (Matryoshka models) and held to. Default: whatever it gives. */
  readonly dimensions?: number
  /** Scale vectors to length 1. Default: true. */
  readonly normalize?: boolean
  /** How vectors are compared. Default: `cosine` if normalised, else `dot`. */
  readonly similarity?: 'cosine' | 'dot'
  /**
   * Tokens kept of a text. With the OpenAI interface it is sent as vLLM's `truncate_prompt_tokens`; leave it out for servers that
   * refuse that field. A TEI server always cuts at its own limit, which this must then equal. Default: the server's own way.
   */
  readonly maxLength?: number | null
  /** Characters (code points) kept of a text, prompt not counted, for servers that refuse long texts. Default: all. */
  readonly maxCharacters?: number | null
  /** Texts in a request. Default: 32, or less where a TEI server allows less. */
  readonly batchSize?: number
  /** Characters in a request, unless one text alone is longer. Default: 200,000. */
  readonly maxBatchCharacters?: number
  /** Requests under way at the same time. Default: 2. */
  readonly concurrency?: number
  /** Milliseconds for one request, answer included. Default: 120,000. */
  readonly timeoutMs?: number
  /** Further tries after a failed request that may yet succeed. Default: 5. */
  readonly retries?: number
  /** Milliseconds before the second try; doubled for each further one, up to 60 s, with jitter. Default: 500. */
  readonly retryDelayMs?: number
}

/** Options with nothing left to defaults. */
export interface ResolvedHttpOptions {
  readonly base: URL
  readonly model: string
  readonly api: HttpApi
  readonly apiKeyEnv: string | null
  readonly prefix: { readonly query: string; readonly document: string }
  readonly dimensions: number | null
  readonly normalize: boolean
  readonly similarity: 'cosine' | 'dot'
  readonly maxLength: number | null
  readonly maxCharacters: number | null
  readonly batchSize: number
  readonly maxBatchCharacters: number
  readonly concurrency: number
  readonly timeoutMs: number
  readonly retries: number
  readonly retryDelayMs: number
}

function bad(field: string, message: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', message, { hint, where: { field } })
}

function count(field: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw bad(field, `${field} is ${value}, not a whole number of at least ${least}.`, `Give ${field} a whole number.`)
}

function parseUrl(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw bad('url', 'The address of the embedding server is not a URL.', 'Write it as http://HOST:PORT/v1.')
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw bad('url', `${url.protocol} addresses are not supported.`, 'Use an http:// or https:// address.')
  // A secret in the address would end up in fingerprints, messages and reports.
  if (url.username !== '' || url.password !== '' || url.search !== '')
    throw bad(
      'url',
      `The address of the server at ${url.host} holds credentials or a query string.`,
      'Put the key into an environment variable and name it with apiKeyEnv.',
    )
  url.hash = ''
  url.pathname = url.pathname.replace(/\/+$/, '')
  return url
}

/**
 * Checks the options and fills in the defaults. Pure: touches neither the network nor the environment.
 *
 * @throws FieldtrialError `USAGE`, naming the field.
 */
export function resolveHttpOptions(options: HttpOptions): ResolvedHttpOptions {
  const base = parseUrl(options.url)
  const api = options.api ?? (/(^|\/)v1(\/|$)|\/embeddings$/.test(base.pathname) ? 'openai' : 'tei')
  base.pathname = base.pathname.replace(api === 'openai' ? /\/embeddings$/ : /\/embed$/, '')
  if (options.model === '') throw bad('model', 'The model has no name.', 'Give the name by which the server knows it.')
  const normalize = options.normalize ?? true
  const optional = (field: string, value: number | null | undefined) =>
    value === null || value === undefined ? null : count(field, value, 1)
  return {
    base,
    model: options.model,
    api,
    apiKeyEnv: options.apiKeyEnv ?? (/(^|\.)openai\.com$/.test(base.hostname) ? 'OPENAI_API_KEY' : null),
    prefix: { query: options.prompts?.query ?? '', document: options.prompts?.document ?? '' },
    dimensions: optional('dimensions', options.dimensions),
    normalize,
    similarity: options.similarity ?? (normalize ? 'cosine' : 'dot'),
    maxLength: optional('maxLength', options.maxLength),
    maxCharacters: optional('maxCharacters', options.maxCharacters),
    batchSize: count('batchSize', options.batchSize ?? 32, 1),
    maxBatchCharacters: count('maxBatchCharacters', options.maxBatchCharacters ?? 200_000, 1),
    concurrency: count('concurrency', options.concurrency ?? 2, 1),
    timeoutMs: count('timeoutMs', options.timeoutMs ?? 120_000, 1),
    retries: count('retries', options.retries ?? 5, 0),
    retryDelayMs: count('retryDelayMs', options.retryDelayMs ?? 500, 0),
  }
}

/**
 * The key, read from the environment at the moment of use and kept out of every message.
 *
 * @returns null where no variable is named.
 * @throws FieldtrialError `USAGE` if the variable is not set or cannot be a header.
 */
export function readKey(variable: string | null): string | null {
  if (variable === null) return null
  const key = process.env[variable]?.trim()
  if (key === undefined || key === '')
    throw new FieldtrialError('USAGE', `The environment variable ${variable} is not set.`, {
      hint: `Set ${variable} to the server's key, or name another variable with apiKeyEnv.`,
      where: { field: 'apiKeyEnv' },
    })
  // Checked here, since the HTTP client would print the whole value.
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new FieldtrialError('USAGE', `The environment variable ${variable} holds characters that no key has.`, {
      hint: `Set ${variable} to the key alone, without spaces or line breaks.`,
      where: { field: 'apiKeyEnv' },
    })
  return key
}
