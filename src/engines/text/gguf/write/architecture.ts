import { FieldtrialError } from '../../../../core/errors.ts'
import type { JsonObject } from '../../../../recipes/sentence-transformers.ts'
import { decoderNames } from '../../../onnx/families/decoders/names.ts'
import { type DecoderShape, decoderShape } from '../../../onnx/families/decoders/shape.ts'
import type { Checkpoint, TensorPlace } from '../../safetensors.ts'
import type { GgufValue } from './encode.ts'

/** llama.cpp's names of the architectures that are written. */
const ARCHITECTURES: Readonly<Record<string, 'qwen2' | 'qwen3' | 'llama'>> = {
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  llama: 'llama',
  mistral: 'llama',
}

const HINT = 'Convert the model with llama.cpp’s own converter, or use another layout or engine (onnx, torch).'

/** A tensor under its name in the file. */
export interface NamedTensor {
  readonly name: string
  readonly place: TensorPlace
  /** Heads whose rows are put in another order: llama.cpp turns neighbouring rows of a head, transformers the two halves. Null: as it is. */
  readonly turned: number | null
}

/** A decoder in llama.cpp's terms. */
export interface GgufArchitecture {
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly shape: DecoderShape
  readonly tensors: readonly NamedTensor[]
  /** Divisors of rotary frequencies (`rope_freqs.weight`), for Llama 3.1's scaling; else null. */
  readonly ropeFactors: Float32Array | null
  /** Rows of the embedding table. */
  readonly rows: number
  /** Tokens that sliding layers look back, as llama.cpp does not: it lets them see the whole text. Null where none slides. */
  readonly window: number | null
  /** What a user must know. */
  readonly notes: readonly string[]
}

const LAYER: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}

/**
 * Metadata and tensor names of a decoder for llama.cpp (Qwen2, Qwen3, Llama and Mistral), as its converter writes them. Pure.
 *
 * @throws FieldtrialError `MODEL_INVALID` for another architecture, a variant that llama.cpp computes otherwise, or a tensor without a place.
 */
export function ggufArchitecture(config: JsonObject, checkpoint: Checkpoint): GgufArchitecture {
  const type = String(config.model_type)
  const architecture = ARCHITECTURES[type]
  if (architecture === undefined)
    throw invalid(
      'model_type',
      `names the architecture ${JSON.stringify(type)}; GGUF files are written of ${Object.keys(ARCHITECTURES).join(', ')}`,
    )
  const shape = decoderShape(config)
  const names = decoderNames(checkpoint)
  const tensors: NamedTensor[] = []
  for (const [name, place] of checkpoint) {
    if (name === names.head && shape.tied) continue
    const bare = name.startsWith(names.prefix) ? name.slice(names.prefix.length) : name
    if (/rotary_emb\.inv_freq$/.test(bare)) continue
    tensors.push(tensorOf(bare, place, shape, architecture))
  }
  const { metadata, ropeFactors } = ropeKeys(config, shape, architecture)
  const window = shape.windows.find((found) => found !== null)?.causal ?? null
  const rows = checkpoint.get(names.table)!.shape[0]!
  const sizes: [string, GgufValue][] = [
    ['context_length', { u32: shape.context }],
    ['embedding_length', { u32: shape.hidden }],
    ['block_count', { u32: shape.layers }],
    ['feed_forward_length', { u32: shape.intermediate }],
    ['attention.head_count', { u32: shape.heads }],
    ['attention.head_count_kv', { u32: shape.kvHeads }],
    ['attention.layer_norm_rms_epsilon', { f32: shape.epsilon }],
    ['attention.key_length', { u32: shape.headSize }],
    ['attention.value_length', { u32: shape.headSize }],
    ['rope.dimension_count', { u32: shape.headSize }],
    ['vocab_size', { u32: rows }],
    ...(shape.attention === 'bidirectional' ? [['attention.causal', false] as [string, GgufValue]] : []),
  ]
  return {
    metadata: new Map<string, GgufValue>([
      ['general.architecture', architecture],
      ['general.type', 'model'],
      ...[...sizes, ...metadata].map(([key, value]): [string, GgufValue] => [`${architecture}.${key}`, value]),
    ]),
    shape,
    tensors,
    ropeFactors,
    rows,
    window,
    notes: [
      ...(window === null
        ? []
        : [
            `llama.cpp lets tokens look back over the whole text, the model ${window} tokens: longer texts get other vectors.`,
          ]),
      ...(shape.tied || names.head !== null
        ? []
        : ['The checkpoint has no language-model head: the file gives vectors, and cannot write text.']),
    ],
  }
}

function tensorOf(bare: string, place: TensorPlace, shape: DecoderShape, architecture: string): NamedTensor {
  const whole: Readonly<Record<string, string>> = {
    'embed_tokens.weight': 'token_embd.weight',
    'norm.weight': 'output_norm.weight',
    'lm_head.weight': 'output.weight',
  }
  if (whole[bare] !== undefined) return { name: whole[bare], place, turned: null }
  const match = /^layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(bare)
  const part = match === null ? undefined : LAYER[match[2]!]
  if (match === null || part === undefined)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `The checkpoint holds ${bare}, which has no place in a GGUF file of ${architecture}.`,
      {
        where: { file: place.file },
        hint: HINT,
      },
    )
  const turns = architecture === 'llama' && (part === 'attn_q' || part === 'attn_k')
  const heads = part === 'attn_q' ? shape.heads : shape.kvHeads
  return { name: `blk.${match[1]}.${part}.${match[3]}`, place, turned: turns ? heads : null }
}

function ropeKeys(
  config: JsonObject,
  shape: DecoderShape,
  architecture: string,
): { metadata: [string, GgufValue][]; ropeFactors: Float32Array | null } {
  const parameters = {
    rope_theta: config.rope_theta ?? 10_000,
    ...(config.rope_scaling as object | null | undefined),
    ...(config.rope_parameters as object | null | undefined),
  } as Readonly<Record<string, unknown>>
  const base = Number(parameters.rope_theta)
  const type = String(parameters.rope_type ?? parameters.type ?? 'default')
  const metadata: [string, GgufValue][] = [['rope.freq_base', { f32: base }]]
  const scaling = (more: [string, GgufValue][]) => ({
    metadata: [...metadata, ['rope.scaling.type', type] as [string, GgufValue], ...more],
    ropeFactors: null,
  })
  switch (type) {
    case 'default':
      return { metadata, ropeFactors: null }
    case 'linear':
      return scaling([['rope.scaling.factor', { f32: required(parameters, 'factor') }]])
    case 'yarn': {
      const odd = ['attention_factor', 'mscale', 'mscale_all_dim', 'beta_fast', 'beta_slow'].find(
        (field) => parameters[field] !== undefined && parameters[field] !== null,
      )
      if (odd !== undefined) throw invalid(`rope_parameters.${odd}`, 'is set, which GGUF cannot say')
      return scaling([
        ['rope.scaling.factor', { f32: required(parameters, 'factor') }],
        ['rope.scaling.original_context_length', { u32: required(parameters, 'original_max_position_embeddings') }],
      ])
    }
    case 'llama3': {
      if (architecture !== 'llama')
        throw invalid('rope_parameters', `of the type llama3 is unknown to llama.cpp for ${architecture}`)
      const { frequencies } = shape.ropes[0]!
      const factors = frequencies.map((frequency, i) => 1 / base ** ((2 * i) / shape.headSize) / frequency)
      return { metadata, ropeFactors: factors }
    }
    default:
      throw invalid('rope_parameters', `is of the type ${type}, which is not written`)
  }
}

function required(parameters: Readonly<Record<string, unknown>>, field: string): number {
  const value = parameters[field]
  if (typeof value === 'number' && value > 0) return value
  throw invalid(`rope_parameters.${field}`, `is ${JSON.stringify(value) ?? 'absent'}, not a number`)
}

function invalid(field: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `config.json: "${field}" ${what}.`, {
    where: { field },
    hint: HINT,
  })
}
