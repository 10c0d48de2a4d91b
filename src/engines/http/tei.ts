import { FieldtrialError } from '../../core/errors.ts'
import type { ResolvedHttpOptions } from './options.ts'
import { type RequestPolicy, request, snippet } from './request.ts'
import { parseJson, type Reply, type Wire, type WireContext } from './wire.ts'

/** What a TEI server tells about itself (`GET /info`); null for what it does not tell. */
export interface TeiInfo {
  readonly modelId: string | null
  /** Commit of the model on the hub. */
  readonly revision: string | null
  readonly dtype: string | null
  readonly pooling: string | null
  readonly maxInputLength: number | null
  readonly maxBatchSize: number | null
  readonly version: string | null
}

const NOTHING: TeiInfo = {
  modelId: null,
  revision: null,
  dtype: null,
  pooling: null,
  maxInputLength: null,
  maxBatchSize: null,
  version: null,
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function natural(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : null
}

/** The pooling of `{"model_type": {"embedding": {"pooling": "mean"}}}`. */
function poolingOf(modelType: unknown): string | null {
  const embedding = (modelType as { embedding?: { pooling?: unknown } } | null)?.embedding
  return text(embedding?.pooling)
}

/**
 * Asks a TEI server what it runs. Servers without `/info` are taken as they are.
 *
 * @throws FieldtrialError `NETWORK` if the server cannot be reached or refuses the key.
 */
export async function teiInfo(
  options: ResolvedHttpOptions,
  policy: RequestPolicy,
  signal?: AbortSignal,
): Promise<TeiInfo> {
  const url = new URL(`${options.base}`.replace(/\/$/, '').concat('/info'))
  const answer = await request(url, null, policy, signal)
  if (answer.status === 404 || answer.status === 405) return NOTHING
  if (answer.status !== 200)
    throw new FieldtrialError('NETWORK', `${url} answered HTTP ${answer.status}: ${snippet(answer.body, policy.key)}`, {
      hint: 'Check the address and the key; for an OpenAI-compatible server set api to openai.',
    })
  let info: Record<string, unknown> | null
  try {
    info = JSON.parse(answer.body) as Record<string, unknown> | null
  } catch {
    throw new FieldtrialError('NETWORK', `${url} did not answer with JSON: ${snippet(answer.body, policy.key)}`, {
      hint: 'Check that the address is that of a TEI server; for an OpenAI-compatible server set api to openai.',
    })
  }
  return {
    modelId: text(info?.model_id),
    revision: text(info?.model_sha),
    dtype: text(info?.model_dtype),
    pooling: poolingOf(info?.model_type),
    maxInputLength: natural(info?.max_input_length),
    maxBatchSize: natural(info?.max_client_batch_size),
    version: text(info?.version),
  }
}

/** TEI's own interface: `POST {base}/embed` with `{inputs, truncate, normalize}`, answered by a list of lists in the order of the texts. */
export function teiWire(context: WireContext): Wire {
  const { options, fail } = context
  return {
    path: '/embed',
    body: (texts) =>
      JSON.stringify({
        inputs: texts,
        truncate: true,
        normalize: options.normalize,
        ...(options.dimensions === null ? {} : { dimensions: options.dimensions }),
      }),
    shouldAskOtherwise: () => false,
    read(body, texts): Reply {
      const answer = parseJson(body, context)
      if (!Array.isArray(answer) || !answer.every(Array.isArray))
        throw fail('NETWORK', 'the answer is not a list of lists', body)
      if (answer.length !== texts)
        throw fail('ENGINE_FAILED', `${answer.length} vectors came back for ${texts} texts`, body)
      return { vectors: answer as unknown[][], tokens: null }
    },
  }
}
