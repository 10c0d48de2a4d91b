import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the server misbehaves. */
export type Failure =
  | 'none'
  | '500'
  /** 500 to the first two requests, then good. */
  | '500-then-ok'
  /** 429 with `Retry-After: 1` to the first request, then good. */
  | '429-then-ok'
  /** 429 to every request. */
  | '429'
  | '401'
  /** One number too few in every vector. */
  | 'dimension'
  /** One number too few from the third vector request on. */
  | 'dimension-later'
  /** `NaN` as Python's json writes it; inside base64 as the float. */
  | 'nan'
  /** `null` in a list, as Rust's JSON writes a NaN. */
  | 'null'
  | 'zero'
  /** Never answers. */
  | 'hang'
  /** Drops the connection. */
  | 'close'
  /** Drops the first connection, then good. */
  | 'close-then-ok'
  | 'missing-item'
  | 'extra-item'
  /** Items in another order, with their true index. */
  | 'shuffled'
  | 'duplicate-index'
  | 'not-json'
  | 'redirect'

export interface ServerOptions {
  readonly dimension?: number
  readonly failure?: Failure
  /** `ignore`: lists whatever is asked; `refuse`: 400 to base64. */
  readonly base64?: 'give' | 'ignore' | 'refuse'
  /** Requests need this bearer token; a refusal echoes what was sent. */
  readonly key?: string
  /** 413 to more texts than this. */
  readonly maxTexts?: number
  /** 400 `maximum context length` to longer texts. */
  readonly maxCharacters?: number
  /** Vectors of lengths other than 1. */
  readonly scale?: number
}

/** One request as it came in. */
export interface Seen {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Record<string, unknown>
  readonly at: number
}

export interface EmbeddingServer {
  /** For the OpenAI interface. */
  readonly v1: string
  /** For TEI's. */
  readonly root: string
  readonly seen: Seen[]
  /** The most requests that were open at the same time. */
  readonly most: () => number
  set(failure: Failure): void
  close(): Promise<void>
}

/** The server's vector of a text: numbers in -1…1 from its SHA-256, stretched; same text, same vector. */
export function hashVector(text: string, dimension: number, scale = 1): Float32Array {
  const vector = new Float32Array(dimension)
  let state = createHash('sha256').update(text).digest().readUInt32LE(0) || 1
  for (let i = 0; i < dimension; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    vector[i] = (state / 2 ** 31 - 1) * scale
  }
  return vector
}

/** A server on a free local port that speaks OpenAI's `/v1/embeddings` and TEI's `/embed` and `/info`, and can fail in every known way. */
export async function startEmbeddingServer(options: ServerOptions = {}): Promise<EmbeddingServer> {
  const { dimension = 8, base64 = 'give', key, maxTexts = Infinity, maxCharacters = Infinity, scale = 1 } = options
  let failure = options.failure ?? 'none'
  let requests = 0
  let open = 0
  let most = 0
  const seen: Seen[] = []

  const vectorOf = (text: string): Float32Array => {
    const late = failure === 'dimension-later' && requests > 2
    const vector = hashVector(text, failure === 'dimension' || late ? dimension - 1 : dimension, scale)
    if (failure === 'nan' || failure === 'null') vector[1] = Number.NaN
    if (failure === 'zero') vector.fill(0)
    return vector
  }

  const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    // A bare word stands for NaN, as Python writes it.
    response.end(JSON.stringify(body).replaceAll('"<NaN>"', 'NaN'))
  }

  const list = (vector: Float32Array) => Array.from(vector, (x) => (Number.isNaN(x) && failure === 'nan' ? '<NaN>' : x))

  const openai = (response: ServerResponse, body: Record<string, unknown>, texts: string[]) => {
    const wants64 = body.encoding_format === 'base64'
    if (wants64 && base64 === 'refuse')
      return json(response, 400, { error: { message: 'base64 encoding is not currently supported' } })
    let data = texts.map((text, index) => {
      const vector = vectorOf(text)
      const embedding = wants64 && base64 === 'give' ? Buffer.from(vector.buffer).toString('base64') : list(vector)
      return { object: 'embedding', index: failure === 'duplicate-index' ? 0 : index, embedding }
    })
    if (failure === 'missing-item') data = data.slice(1)
    if (failure === 'extra-item') data = [...data, { ...data[0]!, index: data.length }]
    if (failure === 'shuffled') data = data.reverse()
    json(response, 200, { object: 'list', data, model: body.model, usage: { prompt_tokens: 7 * texts.length } })
  }

  const tei = (response: ServerResponse, texts: string[]) => {
    let data = texts.map((text) => list(vectorOf(text)))
    if (failure === 'missing-item') data = data.slice(1)
    if (failure === 'extra-item') data = [...data, data[0]!]
    json(response, 200, data)
  }

  const answer = (request: IncomingMessage, response: ServerResponse, text: string) => {
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization, body, at: Date.now() })
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`)
      return json(response, 401, { error: `wrong key: ${request.headers.authorization}` })
    if (request.url === '/info')
      return json(response, 200, {
        model_id: 'org/model',
        model_sha: 'abc123',
        model_dtype: 'float32',
        model_type: { embedding: { pooling: 'mean' } },
        max_input_length: 256,
        max_client_batch_size: 4,
        version: '1.8.0',
      })
    requests++
    if (failure === '500' || (failure === '500-then-ok' && requests <= 2))
      return json(response, 500, { error: `broken; you sent ${request.headers.authorization}` })
    if (failure === '429' || (failure === '429-then-ok' && requests === 1))
      return json(response, 429, { error: 'slow' }, { 'retry-after': '1' })
    if (failure === '401') return json(response, 401, { error: `wrong key: ${request.headers.authorization}` })
    if (failure === 'redirect') return json(response, 307, {}, { location: 'http://elsewhere.example/v1/embeddings' })
    if (failure === 'close' || (failure === 'close-then-ok' && requests === 1)) return request.socket.destroy()
    if (failure === 'hang') return undefined
    if (failure === 'not-json') return response.end('<html>gateway</html>')
    const texts = (body.input ?? body.inputs) as string[]
    if (texts.length > maxTexts) return json(response, 413, { error: 'batch too large' })
    if (texts.some((x) => x === '')) return json(response, 400, { error: 'input cannot be an empty string' })
    if (texts.some((x) => x.length > maxCharacters))
      return json(response, 400, { error: "This model's maximum context length is 10 tokens" })
    if (request.url === '/v1/embeddings') return openai(response, body, texts)
    if (request.url === '/embed') return tei(response, texts)
    return json(response, 404, { error: 'no such route' })
  }

  const server = createServer((request, response) => {
    open++
    most = Math.max(most, open)
    response.on('close', () => open--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A moment's work, so that requests sent together are seen together.
    request.on('end', () => setTimeout(() => answer(request, response, Buffer.concat(chunks).toString()), 5))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    v1: `${root}/v1`,
    root,
    seen,
    most: () => most,
    set(next) {
      failure = next
      requests = 0
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
