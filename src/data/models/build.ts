import { type DecoderFamily, decoderParameters } from './parameters.ts'
import type { ModelEntry, ModelShape } from './types.ts'

/** What a record has unless its family's file says otherwise. */
const DEFAULTS = {
  subfolder: null,
  revision: null,
  visionParameters: 0,
  eos: null,
  pad: null,
  bos: null,
  chat: false,
  systemTurn: null,
  descendsFrom: null,
  note: null,
  unverified: [],
} satisfies Partial<ModelEntry>

type Given = Omit<ModelEntry, keyof typeof DEFAULTS> & Partial<Pick<ModelEntry, keyof typeof DEFAULTS>>

/** A whole record. */
export function entry(given: Given): ModelEntry {
  return { ...DEFAULTS, ...given }
}

/** Whose layers the language model of an architecture has. */
const LAYERS_OF: Readonly<Record<string, DecoderFamily>> = {
  qwen2: 'qwen2',
  qwen2_5_vl: 'qwen2',
  qwen3: 'qwen3',
  llama: 'llama',
  mistral: 'mistral',
  gemma2: 'gemma2',
  gemma3: 'gemma3',
  gemma3_text: 'gemma3',
}

/** A whole record of a decoder, its parameters counted from its shape. */
export function decoder(given: Omit<Given, 'parameters'>): ModelEntry {
  const family = LAYERS_OF[given.architecture]!
  return entry({ ...given, parameters: decoderParameters(family, given.shape) + (given.visionParameters ?? 0) })
}

/** The sizes of a decoder, in the order of most configs; the head size is hidden / heads unless given. */
export function shape(
  layers: number,
  hidden: number,
  heads: number,
  kvHeads: number,
  intermediate: number,
  vocabulary: number,
  head: ModelShape['head'],
  headSize: number = hidden / heads,
): ModelShape {
  return { layers, hidden, heads, kvHeads, headSize, intermediate, vocabulary, head }
}
