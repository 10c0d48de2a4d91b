import type { Checkpoint } from '../../../text/safetensors.ts'
import type { ModelConfig } from '../config.ts'
import { decoderNames } from './names.ts'
import { decoderShape } from './shape.ts'

export { buildDecoder, type DecoderOptions, decoderStates } from './graph.ts'
export { cacheNames } from './names.ts'
export { decoderModelTypes, isDecoder } from './shape.ts'

/** What a recipe, a plan or a report needs to know of a decoder. */
export interface DecoderFacts {
  readonly layers: number
  readonly hidden: number
  /** Rows of the embedding table; may be more than the tokenizer has tokens. */
  readonly vocabulary: number
  /** The most tokens that the model was made for. */
  readonly context: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  /** Tokens that the sliding-window layers see back; null where no layer slides. */
  readonly slidingWindow: number | null
  /** Attention direction that the model's own config asks for. */
  readonly attention: 'causal' | 'bidirectional'
  /** Whether there is a language-model head: a matrix of its own, or the embedding table. */
  readonly head: 'own' | 'tied' | 'none'
}

/** @throws FieldtrialError `MODEL_INVALID` where config.json or checkpoint lack something or ask for a variant that is not built. */
export function decoderFacts(config: ModelConfig, checkpoint: Checkpoint): DecoderFacts {
  const shape = decoderShape(config)
  const names = decoderNames(checkpoint)
  const { layers, hidden, context, heads, kvHeads, headSize, attention } = shape
  return {
    ...{ layers, hidden, context, heads, kvHeads, headSize, attention },
    vocabulary: checkpoint.get(names.table)!.shape[0]!,
    slidingWindow: shape.windows.find((window) => window !== null)?.causal ?? null,
    head: shape.tied ? 'tied' : names.head === null ? 'none' : 'own',
  }
}
