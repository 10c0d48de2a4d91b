import { FieldtrialError } from '../../../../core/errors.ts'
import { type ModelConfig, numberOr, requireSize, stringOr } from '../config.ts'
import { type Rope, ropeOf } from './rope.ts'

/** All of a decoder that its graph depends on, defaults and habits of the families filled in. */
export interface DecoderShape {
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  /** Heads of keys and values; each serves heads / kvHeads heads of queries (Ainslie et al. 2023, arXiv:2305.13245). */
  readonly kvHeads: number
  readonly headSize: number
  readonly intermediate: number
  readonly epsilon: number
  readonly activation: 'silu' | 'gelu-tanh'
  /** Attention scores are multiplied by this before the softmax. */
  readonly scoreScale: number
  /** Embeddings are multiplied by this. */
  readonly embeddingScale: number
  /** Whether norms multiply by 1 + weight (Gemma) rather than by the weight. */
  readonly offsetNorms: boolean
  /** Whether the outputs of attention and MLP are normalised too, before they are added (Gemma 3). */
  readonly outputNorms: boolean
  /** Whether queries and keys are normalised head by head. */
  readonly headNorms: boolean
  readonly biases: { readonly inputs: boolean; readonly output: boolean; readonly mlp: boolean }
  /** Per layer. */
  readonly windows: readonly (Window | null)[]
  /** Per layer; layers with the same parameters share one object. */
  readonly ropes: readonly Rope[]
  /** Logits c become cap · tanh(c / cap); null for none. */
  readonly logitCap: number | null
  /** Whether the head is the embedding table. */
  readonly tied: boolean
  readonly context: number
  /** The attention direction that the model's own config asks for. */
  readonly attention: 'causal' | 'bidirectional'
}

/** How far a sliding-window layer looks. */
export interface Window {
  /** Keys that a token sees in causal attention, itself included. */
  readonly causal: number
  /** Distance up to which a token sees to both sides in bidirectional attention. */
  readonly reach: number
}

type Family = 'qwen2' | 'qwen3' | 'llama' | 'mistral' | 'gemma3'

/** `model_type` of config.json, or of the text part of a vision-language model. */
const FAMILIES: Readonly<Record<string, Family>> = {
  qwen2: 'qwen2',
  qwen2_vl: 'qwen2',
  qwen2_vl_text: 'qwen2',
  qwen2_5_vl: 'qwen2',
  qwen2_5_vl_text: 'qwen2',
  qwen3: 'qwen3',
  llama: 'llama',
  mistral: 'mistral',
  gemma3: 'gemma3',
  gemma3_text: 'gemma3',
}

/** onnxruntime's grouped attention takes no other head sizes. */
const HEAD_STEP = 16

/** The decoder architectures that are built, as config.json names them. */
export const decoderModelTypes: readonly string[] = Object.keys(FAMILIES).filter((type) => !type.endsWith('_vl_text'))

/** Whether the model, or its text part, is a decoder that is built. */
export function isDecoder(config: ModelConfig): boolean {
  return FAMILIES[String(config.model_type)] !== undefined
}

/** @throws FieldtrialError `MODEL_INVALID` where config.json lacks a size, or asks for a variant that is not built. */
export function decoderShape(whole: ModelConfig): DecoderShape {
  const config = textConfig(whole)
  const family = FAMILIES[String(config.model_type ?? whole.model_type)] ?? FAMILIES[String(whole.model_type)]
  if (family === undefined)
    throw invalid(
      'model_type',
      `the architecture ${JSON.stringify(whole.model_type) ?? '(none)'} is not among the decoders that are built: ${decoderModelTypes.join(', ')}`,
    )
  const hidden = requireSize(config, 'hidden_size')
  const gemma = family === 'gemma3'
  // The shortened configs of Gemma 3's larger models leave out what transformers has as the default.
  const heads = gemma ? sizeOr(config, 'num_attention_heads', 8) : requireSize(config, 'num_attention_heads')
  const kvHeads = sizeOr(
    config,
    'num_key_value_heads',
    { qwen2: 32, qwen3: 32, llama: heads, mistral: 8, gemma3: 4 }[family],
  )
  const headSize = sizeOr(
    config,
    'head_dim',
    { qwen3: 128, gemma3: 256 }[family as string] ?? Math.floor(hidden / heads),
  )
  if (heads % kvHeads !== 0)
    throw invalid('num_key_value_heads', `${heads} heads cannot share ${kvHeads} heads of keys evenly`)
  if (headSize % HEAD_STEP !== 0)
    throw invalid('head_dim', `heads of ${headSize} numbers are not built, only multiples of ${HEAD_STEP}`)
  if (numberOr(config, 'attn_logit_softcapping', 0) !== 0)
    throw invalid('attn_logit_softcapping', 'soft-capped attention is not built')
  const types = layerTypes(config, family)
  const attentionBias = config.attention_bias === true
  return {
    layers: types.length,
    hidden,
    heads,
    kvHeads,
    headSize,
    intermediate: requireSize(config, 'intermediate_size'),
    epsilon: numberOr(config, 'rms_norm_eps', 1e-6),
    activation: activationOf(config, gemma),
    scoreScale: gemma ? numberOr(config, 'query_pre_attn_scalar', 256) ** -0.5 : headSize ** -0.5,
    embeddingScale: gemma ? Math.fround(hidden ** 0.5) : 1,
    offsetNorms: gemma,
    outputNorms: gemma,
    headNorms: gemma || family === 'qwen3',
    biases: {
      inputs: family === 'qwen2' || (family !== 'mistral' && attentionBias),
      output: family !== 'qwen2' && family !== 'mistral' && attentionBias,
      mlp: family === 'llama' && config.mlp_bias === true,
    },
    windows: windowsOf(config, family, types),
    ropes: ropesOf(config, family, types, headSize),
    logitCap: numberOr(config, 'final_logit_softcapping', 0) || null,
    tied: booleanOr(whole, 'tie_word_embeddings', booleanOr(config, 'tie_word_embeddings', gemma)),
    context: gemma
      ? sizeOr(config, 'max_position_embeddings', 131_072)
      : requireSize(config, 'max_position_embeddings'),
    attention: config.is_causal === false || config.use_bidirectional_attention === true ? 'bidirectional' : 'causal',
  }
}

/** The text part of a vision-language model's config, else the config itself. */
function textConfig(config: ModelConfig): ModelConfig {
  const text = config.text_config
  return typeof text === 'object' && text !== null ? (text as ModelConfig) : config
}

const SLIDING = 'sliding_attention'

/** Which layers slide. Gemma 3: all but every sixth (`sliding_window_pattern`). Qwen: from `max_window_layers` on, if at all. */
function layerTypes(config: ModelConfig, family: Family): string[] {
  const count = requireSize(config, 'num_hidden_layers')
  const given = config.layer_types
  if (Array.isArray(given) && (family === 'gemma3' || family.startsWith('qwen'))) {
    if (given.length !== count)
      throw invalid('layer_types', `${given.length} layers are described, "num_hidden_layers" is ${count}`)
    const odd = given.find((type) => type !== SLIDING && type !== 'full_attention')
    if (odd !== undefined) throw invalid('layer_types', `layers of type ${JSON.stringify(odd)} are not built`)
    return given as string[]
  }
  const slides = (layer: number): boolean => {
    if (family === 'gemma3') return (layer + 1) % numberOr(config, 'sliding_window_pattern', 6) !== 0
    if (family === 'mistral') return typeof config.sliding_window === 'number'
    return config.use_sliding_window === true && layer >= numberOr(config, 'max_window_layers', 28)
  }
  return Array.from({ length: count }, (_, layer) => (slides(layer) ? SLIDING : 'full_attention'))
}

/**
 * transformers lets bidirectional attention reach a whole window to each side (`is_causal: false`), and half a window in Gemma models
 * that were trained so (`use_bidirectional_attention`).
 */
function windowsOf(config: ModelConfig, family: Family, types: readonly string[]): (Window | null)[] {
  if (!types.includes(SLIDING) || (family.startsWith('qwen') && config.use_sliding_window !== true))
    return types.map(() => null)
  const size = requireSize(config, 'sliding_window')
  const reach = config.use_bidirectional_attention === true ? Math.floor(size / 2) : size
  return types.map((type) => (type === SLIDING ? { causal: size, reach } : null))
}

function ropesOf(config: ModelConfig, family: Family, types: readonly string[], headSize: number): Rope[] {
  const byType = new Map<string, Rope>()
  return types.map((type) => {
    // One set of parameters for all layers is one object, whatever the layers' types are.
    const parameters = ropeParameters(config, family, type)
    const key = JSON.stringify(parameters)
    const rope = byType.get(key) ?? ropeOf(parameters, headSize, config)
    byType.set(key, rope)
    return rope
  })
}

/** `rope_parameters` (flat, or per layer type) of newer files; `rope_theta`, `rope_scaling` and Gemma's `rope_local_base_freq` of older ones. */
function ropeParameters(config: ModelConfig, family: Family, type: string): ModelConfig {
  const given = objectOr(config.rope_parameters)
  const ownType = given && objectOr(given[type])
  const local = family === 'gemma3' && type === SLIDING
  const theta = local
    ? numberOr(config, 'rope_local_base_freq', 10_000)
    : numberOr(config, 'rope_theta', family === 'gemma3' ? 1_000_000 : 10_000)
  const nested = given !== null && Object.values(given).some((value) => objectOr(value) !== null)
  const scaling = local ? null : objectOr(config.rope_scaling)
  return { rope_theta: theta, ...(nested ? ownType : given), ...scaling }
}

function activationOf(config: ModelConfig, gemma: boolean): 'silu' | 'gelu-tanh' {
  const name = gemma
    ? stringOr(config, 'hidden_activation', stringOr(config, 'hidden_act', 'gelu_pytorch_tanh'))
    : stringOr(config, 'hidden_act', 'silu')
  if (name === 'silu' || name === 'swish') return 'silu'
  if (name === 'gelu_pytorch_tanh' || name === 'gelu_new' || name === 'gelu_fast') return 'gelu-tanh'
  throw invalid('hidden_act', `the activation "${name}" is not built`)
}

function sizeOr(config: ModelConfig, field: string, fallback: number): number {
  return config[field] === undefined || config[field] === null ? fallback : requireSize(config, field)
}

function booleanOr(config: ModelConfig, field: string, fallback: boolean): boolean {
  return typeof config[field] === 'boolean' ? config[field] : fallback
}

function objectOr(value: unknown): ModelConfig | null {
  return typeof value === 'object' && value !== null ? (value as ModelConfig) : null
}

function invalid(field: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `config.json: ${what}.`, {
    where: { field },
    hint: 'Serve the model and use the http engine, or choose a model of a known architecture.',
  })
}
