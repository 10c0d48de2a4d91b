import { FieldtrialError } from '../../core/errors.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'

/** Sizes of one tower. */
export interface TowerShape {
  readonly hidden: number
  readonly heads: number
  readonly intermediate: number
  readonly layers: number
  readonly epsilon: number
  readonly activation: string
}

/** All of CLIP or SigLIP that vectors depend on, transformers' defaults filled in: config.json leaves out what does not differ from them. */
export interface DualShape {
  readonly family: 'clip' | 'siglip'
  readonly text: TowerShape & {
    readonly vocabulary: number
    /** The most tokens of a text. SigLIP's texts are filled up to so many: it was trained without a mask. */
    readonly positions: number
    /** CLIP takes the state of the first of these. */
    readonly eos: number
  }
  readonly vision: TowerShape & { readonly side: number; readonly patch: number }
  /** Numbers per vector. */
  readonly dimension: number
}

const CLIP = {
  text: {
    hidden_size: 512,
    intermediate_size: 2048,
    num_hidden_layers: 12,
    num_attention_heads: 8,
    max_position_embeddings: 77,
    vocab_size: 49_408,
    layer_norm_eps: 1e-5,
    hidden_act: 'quick_gelu',
    eos_token_id: 49_407,
  },
  vision: {
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    image_size: 224,
    patch_size: 32,
    layer_norm_eps: 1e-5,
    hidden_act: 'quick_gelu',
  },
}
const SIGLIP = {
  text: {
    ...CLIP.text,
    hidden_size: 768,
    intermediate_size: 3072,
    num_attention_heads: 12,
    max_position_embeddings: 64,
    vocab_size: 32_000,
    layer_norm_eps: 1e-6,
    hidden_act: 'gelu_pytorch_tanh',
  },
  vision: { ...CLIP.vision, patch_size: 16, layer_norm_eps: 1e-6, hidden_act: 'gelu_pytorch_tanh' },
}

/** Of a config.json; null for a model of another kind. @throws FieldtrialError `MODEL_INVALID`. */
export function dualShape(config: JsonObject): DualShape | null {
  const family = config.model_type
  if (family !== 'clip' && family !== 'siglip') return null
  const defaults = family === 'clip' ? CLIP : SIGLIP
  const text = { ...defaults.text, ...partOf(config.text_config) }
  const vision = { ...defaults.vision, ...partOf(config.vision_config) }
  if (family === 'siglip' && (vision as JsonObject).vision_use_head === false)
    throw invalid('vision_config.vision_use_head', 'is false: without its head the image tower gives no vector')
  const dimension =
    family === 'clip' ? (config.projection_dim ?? 512) : ((text as JsonObject).projection_size ?? text.hidden_size)
  return {
    family,
    text: {
      ...towerOf(text, 'text_config'),
      vocabulary: size(text, 'vocab_size', 'text_config'),
      positions: size(text, 'max_position_embeddings', 'text_config'),
      eos: Number(text.eos_token_id),
    },
    vision: {
      ...towerOf(vision, 'vision_config'),
      side: size(vision, 'image_size', 'vision_config'),
      patch: size(vision, 'patch_size', 'vision_config'),
    },
    dimension: size({ dimension }, 'dimension', ''),
  }
}

/** Tokens that an image makes in its tower. */
export function imageTokens({ family, vision: { side, patch } }: DualShape): number {
  return Math.floor(side / patch) ** 2 + (family === 'clip' ? 1 : 0)
}

function towerOf(config: typeof CLIP.text | typeof CLIP.vision, where: string): TowerShape {
  return {
    hidden: size(config, 'hidden_size', where),
    heads: size(config, 'num_attention_heads', where),
    intermediate: size(config, 'intermediate_size', where),
    layers: size(config, 'num_hidden_layers', where),
    epsilon: config.layer_norm_eps,
    activation: config.hidden_act,
  }
}

function partOf(value: unknown): JsonObject {
  const part = typeof value === 'object' && value !== null ? (value as JsonObject) : {}
  return Object.fromEntries(Object.entries(part).filter(([, one]) => one !== null))
}

function size(config: object, field: string, where: string): number {
  const value = (config as JsonObject)[field]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw invalid(`${where}.${field}`, `is ${JSON.stringify(value)}, not a size`)
}

function invalid(field: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `config.json: ${field} ${what}.`, {
    where: { field },
    hint: 'Fetch the model again.',
  })
}
