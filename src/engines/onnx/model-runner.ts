import type * as ort from 'onnxruntime-node'
import { Tensor } from 'onnxruntime-node'
import { FieldtrialError } from '../../core/errors.ts'
import { buildEncoder, familyOf } from './families/index.ts'
import { requireExactInt8 } from './int8-check.ts'
import type { EncoderPlan } from './plan.ts'
import { openGraph, openShipped } from './session.ts'

/** Token states of a batch of texts of one length, or the finished vectors where a shipped model pools by itself. */
export interface Output {
  readonly kind: 'states' | 'vectors'
  readonly data: Float32Array
  readonly width: number
}

/** A model in memory. */
export interface ModelRunner {
  /** @param ids Texts of equal length, one after the other. */
  run(ids: BigInt64Array, texts: number, length: number): Promise<Output>
  close(): Promise<void>
}

export async function openRunner(plan: EncoderPlan, threads: number): Promise<ModelRunner> {
  const { weights } = plan
  if (weights.kind === 'shipped') return shippedRunner(await openShipped(weights.model, threads))
  const { config, checkpoint } = weights
  if (weights.int8) await requireExactInt8()
  const family = familyOf(config)!
  const session = await openGraph(buildEncoder(family, config, checkpoint, weights.int8), threads)
  const padding = family.positionOffset(config)
  return {
    async run(ids, texts, length) {
      const dims = [texts, length]
      const feeds: Record<string, ort.Tensor> = { input_ids: new Tensor('int64', ids, dims) }
      if (padding !== null)
        feeds.position_ids = new Tensor('int64', positionsAfter(BigInt(padding), ids, texts, length), dims)
      const { last_hidden_state: states } = await session.run(feeds)
      return { kind: 'states', data: states!.data as Float32Array, width: states!.dims[2]! }
    },
    close: () => session.release(),
  }
}

/** fairseq's positions: real tokens count on from padding + 1; a padding token inside a text stays at the padding's own position. */
export function positionsAfter(padding: bigint, ids: BigInt64Array, texts: number, length: number): BigInt64Array {
  const positions = new BigInt64Array(ids.length)
  for (let text = 0; text < texts; text++) {
    let position = padding
    for (let at = text * length; at < (text + 1) * length; at++) {
      if (ids[at] === padding) positions[at] = padding
      else positions[at] = ++position
    }
  }
  return positions
}

/** What encoders' inputs are called, and what goes into them for texts without padding. */
const INPUTS: Readonly<Record<string, (ids: BigInt64Array, length: number) => BigInt64Array>> = {
  input_ids: (ids) => ids,
  attention_mask: (ids) => new BigInt64Array(ids.length).fill(1n),
  token_type_ids: (ids) => new BigInt64Array(ids.length),
  position_ids: (ids, length) => BigInt64Array.from(ids, (_, i) => BigInt(i % length)),
}
const STATES = ['last_hidden_state', 'token_embeddings']
const VECTORS = ['sentence_embedding', 'sentence_embeddings', 'text_embeds']

function shippedRunner(session: ort.InferenceSession): ModelRunner {
  const strange = session.inputNames.find((name) => INPUTS[name] === undefined)
  if (strange !== undefined || !session.inputNames.includes('input_ids'))
    throw unusable(`takes the inputs ${session.inputNames.join(', ')}; known are ${Object.keys(INPUTS).join(', ')}`)
  const states = STATES.find((name) => session.outputNames.includes(name))
  const output = states ?? VECTORS.find((name) => session.outputNames.includes(name))
  if (output === undefined)
    throw unusable(`gives ${session.outputNames.join(', ')}; known are ${[...STATES, ...VECTORS].join(', ')}`)
  const narrow = new Set(
    session.inputMetadata.filter((input) => input.isTensor && input.type === 'int32').map((input) => input.name),
  )
  return {
    async run(ids, texts, length) {
      const feeds: Record<string, ort.Tensor> = {}
      for (const name of session.inputNames) {
        const values = INPUTS[name]!(ids, length)
        feeds[name] = narrow.has(name)
          ? new Tensor('int32', Int32Array.from(values, Number), [texts, length])
          : new Tensor('int64', values, [texts, length])
      }
      const result = (await session.run(feeds, [output]))[output]!
      if (result.type !== 'float32') throw unusable(`gives ${output} as ${result.type}, not float32`)
      const width = result.dims.at(-1)!
      const kind = result.dims.length === 3 ? 'states' : 'vectors'
      return { kind, data: result.data as Float32Array, width }
    },
    close: () => session.release(),
  }
}

function unusable(what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `The ONNX file that the model ships ${what}.`, {
    hint: 'Export the encoder with token ids as input and last_hidden_state as float32 output.',
  })
}
