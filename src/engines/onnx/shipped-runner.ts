import { FieldtrialError } from '../../core/errors.ts'
import type { ModelRunner } from './model-runner.ts'
import type * as ort from './runtime.ts'
import { Tensor } from './runtime.ts'

/** What encoders' inputs are called, and what goes into them for texts without padding. */
const INPUTS: Readonly<Record<string, (ids: BigInt64Array, length: number) => BigInt64Array>> = {
  input_ids: (ids) => ids,
  attention_mask: (ids) => new BigInt64Array(ids.length).fill(1n),
  token_type_ids: (ids) => new BigInt64Array(ids.length),
  position_ids: (ids, length) => BigInt64Array.from(ids, (_, i) => BigInt(i % length)),
}
const STATES = ['last_hidden_state', 'token_embeddings']
const VECTORS = ['sentence_embedding', 'sentence_embeddings', 'text_embeds']

/** Runs an ONNX file that a model ships, whatever it calls its inputs and outputs, as far as these are known. */
export function shippedRunner(session: ort.InferenceSession): ModelRunner {
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
    positions: null,
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
      const kind = result.dims.length === 3 ? 'states' : 'vectors'
      return { kind, data: result.data as Float32Array, width: result.dims.at(-1)!, logits: null, vocabulary: 0 }
    },
    close: () => session.release(),
  }
}

function unusable(what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `The ONNX file that the model ships ${what}.`, {
    hint: 'Export the encoder with token ids as input and last_hidden_state as float32 output.',
  })
}
