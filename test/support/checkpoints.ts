import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCheckpoint, readTensor } from '../../src/engines/text/safetensors.ts'

/** A tensor in memory; `type` decides how it is written. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
  readonly type?: 'F32' | 'BF16'
}

/** Numbers of a normal distribution, the same for the same seed. */
export function gaussian(count: number, seed: number, scale = 1): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float32Array.from(
    { length: count },
    () => scale * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}

/** Writes tensors as one safetensors file, by plain means. */
export async function writeSafetensors(path: string, tensors: Readonly<Record<string, Tensor>>): Promise<void> {
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let at = 0
  for (const [name, { shape, values, type = 'F32' }] of Object.entries(tensors)) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
    const data = type === 'F32' ? words : Uint16Array.from(words, (word) => word >>> 16)
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    header[name] = { dtype: type, shape, data_offsets: [at, at + bytes.length] }
    at += bytes.length
    parts.push(bytes)
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  await writeFile(path, Buffer.concat([length, json, ...parts]))
}

const LAYERS = 4
const HIDDEN = 16
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'model.embed_tokens.weight': [64, HIDDEN],
  ...Object.fromEntries(
    Array.from({ length: LAYERS }, (_, layer): [string, readonly number[]][] => [
      [`model.layers.${layer}.self_attn.q_proj.weight`, [HIDDEN, HIDDEN]],
      [`model.layers.${layer}.self_attn.q_proj.bias`, [HIDDEN]],
      [`model.layers.${layer}.mlp.up_proj.weight`, [24, HIDDEN]],
      [`model.layers.${layer}.input_layernorm.weight`, [HIDDEN]],
    ]).flat(),
  ),
  'model.norm.weight': [HIDDEN],
  'lm_head.weight': [64, HIDDEN],
}

const TOKENIZER = fileURLToPath(new URL('../fixtures/tokenizers/qwen2', import.meta.url))

/** Weights of a model of nobody's: numbers in the shapes of a tiny decoder. With a base, that and small differences from it. */
export function tinyWeights(seed: number, base?: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape], i) => {
      const count = shape.reduce((a, b) => a * b, 1)
      const values = gaussian(count, seed * 1000 + i, base ? 0.1 : 1)
      return [name, { shape, values: base ? values.map((x, at) => x + base[name]!.values[at]!) : values }]
    }),
  )
}

/** A model folder as transformers saves it. */
export async function writeModelFolder(
  folder: string,
  tensors: Readonly<Record<string, Tensor>>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) await cp(join(TOKENIZER, file), join(folder, file))
  const own = {
    model_type: 'qwen2',
    architectures: ['Qwen2ForCausalLM'],
    hidden_size: HIDDEN,
    num_hidden_layers: LAYERS,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    intermediate_size: 24,
    vocab_size: 64,
    tie_word_embeddings: false,
    torch_dtype: 'float32',
    ...config,
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(own))
  await writeSafetensors(join(folder, 'model.safetensors'), tensors)
}

/** LoRA weights of rank `rank` for the query projections. */
export async function writeAdapterFolder(
  folder: string,
  {
    base,
    rank,
    alpha,
    seed,
  }: { readonly base: string; readonly rank: number; readonly alpha: number; readonly seed: number },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const tensors = Object.fromEntries(
    Array.from({ length: LAYERS }, (_, layer): [string, Tensor][] => {
      const path = `base_model.model.model.layers.${layer}.self_attn.q_proj`
      return [
        [`${path}.lora_A.weight`, { shape: [rank, HIDDEN], values: gaussian(rank * HIDDEN, seed + layer, 0.3) }],
        [`${path}.lora_B.weight`, { shape: [HIDDEN, rank], values: gaussian(HIDDEN * rank, seed + 50 + layer, 0.3) }],
      ]
    }).flat(),
  )
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), tensors)
  const config = {
    peft_type: 'LORA',
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    target_modules: ['q_proj'],
    task_type: 'FEATURE_EXTRACTION',
    bias: 'none',
  }
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify(config))
}

/** All tensors of a folder's checkpoint, or of one file. */
export async function readWeights(folder: string): Promise<Record<string, Float32Array>> {
  const weights: Record<string, Float32Array> = {}
  for (const [name, place] of (await readCheckpoint(folder))!) weights[name] = await readTensor(name, place)
  return weights
}
