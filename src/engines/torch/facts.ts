import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import type { ModelFacts } from '../../recipes/types.ts'
import { familyOf, positionLimit } from '../onnx/families/index.ts'
import type { ModelFolder } from '../text/files.ts'

/** Decoders whose attention goes through transformers' interface, so that packing them is right; each is compared with its own forward pass when it is loaded. */
const PACKED: ReadonlySet<string> = new Set([
  'qwen2',
  'qwen3',
  'llama',
  'mistral',
  'gemma',
  'gemma2',
  'gemma3',
  'gemma3_text',
  'phi3',
  'olmo2',
  'granite',
  'smollm3',
  'qwen2_vl',
  'qwen2_5_vl',
  'qwen3_vl',
])
/** Further decoders, padded. */
const PADDED: ReadonlySet<string> = new Set([
  'qwen2_moe',
  'qwen3_moe',
  'mixtral',
  'ministral',
  'mistral3',
  'olmo',
  'phi',
  'starcoder2',
  'stablelm',
  'cohere',
  'cohere2',
  'gpt_neox',
])
/** Families whose states leave float16's range: beyond 65,504 they become infinite. */
const OVERFLOWS = /^(qwen2|gemma)/

/** What the engine makes of a model's config.json. */
export interface TorchFacts {
  readonly decoder: boolean
  readonly packed: boolean
  readonly hidden: number | null
  readonly facts: ModelFacts
}

/** @param name For messages. */
export function torchFacts(files: ModelFolder, name: string): TorchFacts {
  const { config, checkpoint } = files
  const type = String(config.model_type)
  const text = textConfig(config)
  const { chatTemplate, ...tokens } = files.specialTokens
  const decoder = isDecoder(config)
  const layers = size(text.num_hidden_layers) ?? size(text.n_layers) ?? size(text.n_layer)
  // Shortened configs of Gemma 3 leave out transformers' default.
  const positions =
    size(text.max_position_embeddings) ?? size(text.n_positions) ?? (type.startsWith('gemma3') ? 131_072 : null)
  const family = decoder ? undefined : familyOf(config)
  const limit = decoder
    ? positions
    : family !== undefined && checkpoint !== null
      ? positionLimit(family, config, checkpoint)
      : null
  return {
    decoder,
    packed: decoder && PACKED.has(type),
    hidden: size(text.hidden_size) ?? size(text.dim) ?? size(text.n_embd),
    facts: {
      name,
      architecture: type,
      decoder,
      layers,
      context: limit ?? positions,
      chatTemplate,
      tokens,
      files: { ...files, maxPositions: positions, positionLimit: limit },
    },
  }
}

/** Whether the model is known to leave float16's range. */
export function overflowsFloat16(config: JsonObject): boolean {
  return OVERFLOWS.test(String(config.model_type))
}

function isDecoder(config: JsonObject): boolean {
  const type = String(config.model_type)
  if (PACKED.has(type) || PADDED.has(type)) return true
  const named = Array.isArray(config.architectures) ? config.architectures.map(String) : []
  return named.some((name) => /For(CausalLM|ConditionalGeneration)$|LMHeadModel$/.test(name))
}

/** The text part of a vision-language model's config, else the config itself. */
export function textConfig(config: JsonObject): JsonObject {
  const text = config.text_config
  return typeof text === 'object' && text !== null ? (text as JsonObject) : config
}

function size(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null
}
