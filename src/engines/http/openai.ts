import { parseJson, type Reply, type Wire, type WireContext } from './wire.ts'

/** A float32 array in base64, little-endian, as OpenAI, vLLM and llama.cpp send it: a quarter to a tenth of the list's bytes. */
export function decodeBase64(text: string): Float32Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0) return null
  const vector = new Float32Array(bytes.length / 4)
  for (let i = 0; i < vector.length; i++) vector[i] = bytes.readFloatLE(4 * i)
  return vector
}

/**
 * The OpenAI embeddings interface: `POST {base}/embeddings` with `{model, input, encoding_format}`,
 * answered by `{data: [{index, embedding}], usage: {prompt_tokens}}`.
 * base64 is asked for first; a server that refuses it is asked for lists from then on, one that ignores it is understood anyway.
 */
export function openaiWire(context: WireContext): Wire {
  const { options, fail } = context
  let encoding: 'base64' | 'float' = 'base64'
  return {
    path: '/embeddings',
    body: (texts) =>
      JSON.stringify({
        model: options.model,
        input: texts,
        encoding_format: encoding,
        ...(options.dimensions === null ? {} : { dimensions: options.dimensions }),
        ...(options.maxLength === null ? {} : { truncate_prompt_tokens: options.maxLength }),
      }),
    shouldAskOtherwise(status, body) {
      if (encoding === 'float' || (status !== 400 && status !== 422) || !/encoding_format|base64/i.test(body))
        return false
      encoding = 'float'
      return true
    },
    read(body, texts): Reply {
      const answer = parseJson(body, context) as { data?: unknown; usage?: { prompt_tokens?: unknown } } | null
      const data = answer?.data
      if (!Array.isArray(data)) throw fail('NETWORK', 'the answer has no list `data`', body)
      if (data.length !== texts)
        throw fail('ENGINE_FAILED', `${data.length} vectors came back for ${texts} texts`, body)
      const vectors = new Array<ArrayLike<unknown> | undefined>(texts)
      const indexed = data.some((item: { index?: unknown } | null) => item?.index !== undefined)
      data.forEach((item: { index?: unknown; embedding?: unknown } | null, position) => {
        const index = indexed ? item?.index : position
        if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= texts)
          throw fail('ENGINE_FAILED', `item ${position} has no index from 0 to ${texts - 1}`, body)
        if (vectors[index as number] !== undefined) throw fail('ENGINE_FAILED', `index ${index} came back twice`, body)
        const embedding = item?.embedding
        const vector =
          typeof embedding === 'string' ? decodeBase64(embedding) : Array.isArray(embedding) ? embedding : null
        if (vector === null)
          throw fail('NETWORK', `item ${position} has neither a list nor base64 float32 as \`embedding\``, body)
        vectors[index as number] = vector
      })
      const tokens = answer?.usage?.prompt_tokens
      return {
        vectors: vectors as ArrayLike<unknown>[],
        // The count is for the whole request; only a request of one text tells of a text.
        tokens: texts === 1 && Number.isInteger(tokens) && (tokens as number) > 0 ? (tokens as number) : null,
      }
    },
  }
}
