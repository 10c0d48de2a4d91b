import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCheckpoint, readTensor } from '../../src/engines/text/safetensors.ts'
import { type GgufTensorData, type GgufValue, writeGguf } from './gguf.ts'
import { ggufTokenizer } from './gguf-tokenizer.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

/** A family of decoders, and how its checkpoints and GGUF files differ from those of the others. */
interface Family {
  readonly tokenizer: string
  readonly pre: string
  readonly headWidth: number
  readonly config: Readonly<Record<string, unknown>>
  readonly biases: boolean
  readonly headNorms: boolean
  /** llama.cpp turns pairs of neighbours in these, the checkpoint halves. */
  readonly permuted: boolean
}

const FAMILIES = {
  qwen2: {
    tokenizer: 'qwen2',
    pre: 'qwen2',
    headWidth: 16,
    config: { architectures: ['Qwen2ForCausalLM'] },
    biases: true,
    headNorms: false,
    permuted: false,
  },
  qwen3: {
    tokenizer: 'qwen2',
    pre: 'qwen2',
    headWidth: 32,
    config: { architectures: ['Qwen3ForCausalLM'], head_dim: 32 },
    biases: false,
    headNorms: true,
    permuted: false,
  },
  llama: {
    tokenizer: 'llama2',
    pre: '',
    headWidth: 16,
    config: { architectures: ['LlamaForCausalLM'] },
    biases: false,
    headNorms: false,
    permuted: true,
  },
} as const satisfies Readonly<Record<string, Family>>

export type TinyFamily = keyof typeof FAMILIES

const [HIDDEN, LAYERS, HEADS, KV_HEADS, INNER, CONTEXT] = [64, 3, 4, 2, 96, 512]
const CHATML =
  "{%- for message in messages -%}{{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' }}{%- endif -%}"

export interface TinyDecoder {
  /** In transformers' layout. */
  readonly folder: string
  /** The same weights, in 32 bits. */
  readonly gguf: string
}

/** A random decoder of a family, as a checkpoint and as a GGUF file; the same each time. */
export async function writeTinyDecoder(root: string, family: TinyFamily): Promise<TinyDecoder> {
  const { tokenizer, pre, headWidth, config, biases, headNorms, permuted }: Family = FAMILIES[family]
  const folder = join(root, family)
  await mkdir(folder, { recursive: true })
  const from = fixture(`tokenizers/${tokenizer}`)
  await copyFile(join(from, 'tokenizer.json'), join(folder, 'tokenizer.json'))

  const named = JSON.parse(await readFile(join(from, 'tokenizer_config.json'), 'utf8')) as object
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ ...named, chat_template: CHATML }))
  const terms = ggufTokenizer(folder, pre)
  const vocabulary = (terms['tokenizer.ggml.tokens'] as { strings: readonly string[] }).strings.length
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({
      model_type: family,
      hidden_size: HIDDEN,
      num_hidden_layers: LAYERS,
      num_attention_heads: HEADS,
      num_key_value_heads: KV_HEADS,
      intermediate_size: INNER,
      max_position_embeddings: CONTEXT,
      vocab_size: vocabulary,
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      hidden_act: 'silu',
      tie_word_embeddings: false,
      ...config,
    }),
  )
  const random = generator(family.length)
  const tensors = new Map<string, GgufTensorData>()
  const matrix = (name: string, out: number, inputs: number) =>
    tensors.set(name, {
      shape: [out, inputs],
      data: Float32Array.from({ length: out * inputs }, () => random() / inputs ** 0.5),
    })
  const vector = (name: string, size: number, around: number) =>
    tensors.set(name, { shape: [size], data: Float32Array.from({ length: size }, () => around + 0.3 * random()) })
  const [q, kv] = [HEADS * headWidth, KV_HEADS * headWidth]
  tensors.set('model.embed_tokens.weight', {
    shape: [vocabulary, HIDDEN],
    data: Float32Array.from({ length: vocabulary * HIDDEN }, random),
  })
  for (let i = 0; i < LAYERS; i++) {
    const layer = `model.layers.${i}.`
    vector(`${layer}input_layernorm.weight`, HIDDEN, 1)
    vector(`${layer}post_attention_layernorm.weight`, HIDDEN, 1)
    for (const [name, width] of [
      ['q', q],
      ['k', kv],
      ['v', kv],
    ] as const) {
      matrix(`${layer}self_attn.${name}_proj.weight`, width, HIDDEN)
      if (biases) vector(`${layer}self_attn.${name}_proj.bias`, width, 0)
    }
    if (headNorms) for (const name of ['q', 'k']) vector(`${layer}self_attn.${name}_norm.weight`, headWidth, 1)
    matrix(`${layer}self_attn.o_proj.weight`, HIDDEN, q)
    matrix(`${layer}mlp.gate_proj.weight`, INNER, HIDDEN)
    matrix(`${layer}mlp.up_proj.weight`, INNER, HIDDEN)
    matrix(`${layer}mlp.down_proj.weight`, HIDDEN, INNER)
  }
  vector('model.norm.weight', HIDDEN, 1)
  matrix('lm_head.weight', vocabulary, HIDDEN)
  await writeFile(join(folder, 'model.safetensors'), safetensors(tensors))
  const gguf = await writeGguf(
    join(root, `${family}.gguf`),
    {
      'general.architecture': family,
      [`${family}.block_count`]: LAYERS,
      [`${family}.context_length`]: CONTEXT,
      [`${family}.embedding_length`]: HIDDEN,
      [`${family}.feed_forward_length`]: INNER,
      [`${family}.attention.head_count`]: HEADS,
      [`${family}.attention.head_count_kv`]: KV_HEADS,
      [`${family}.attention.key_length`]: headWidth,
      [`${family}.attention.value_length`]: headWidth,
      [`${family}.attention.layer_norm_rms_epsilon`]: { f32: 1e-6 },
      [`${family}.rope.freq_base`]: { f32: 10_000 },
      [`${family}.rope.dimension_count`]: headWidth,
      ...terms,
    },
    Object.fromEntries(
      [...tensors].map(([name, tensor]) => [
        decoderName(name),
        permuted && /[qk]_proj\.weight$/.test(name) ? pairs(tensor, tensor.shape[0]! / headWidth) : tensor,
      ]),
    ),
  )
  return { folder, gguf }
}

const DECODER_NAMES: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}

function decoderName(name: string): string {
  const [, layer, part, kind] = /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name)!
  return `${layer === undefined ? '' : `blk.${layer}.`}${DECODER_NAMES[part!]!}.${kind}`
}

/** Rows of each head's two halves, taken in turns. */
function pairs({ shape, data }: GgufTensorData, heads: number): GgufTensorData {
  const [rows, width] = shape as [number, number]
  const half = rows / heads / 2
  const out = new Float32Array(data.length)
  for (let head = 0; head < heads; head++)
    for (let i = 0; i < half; i++)
      for (const side of [0, 1]) {
        const from = (head * 2 * half + side * half + i) * width
        out.set(data.subarray(from, from + width), (head * 2 * half + 2 * i + side) * width)
      }
  return { shape, data: out }
}

/** A tiny encoder of the fixtures as a GGUF file. */
export async function writeTinyEncoder(
  root: string,
  name: 'bert' | 'xlm-roberta',
  pooling: number,
): Promise<TinyDecoder> {
  const folder = fixture(`models/${name}`)

  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, number>
  // fairseq's positions count on from the padding's.
  const skipped = name === 'bert' ? 0 : config.pad_token_id! + 1
  const tensors: Record<string, GgufTensorData> = {}
  for (const [given, place] of (await readCheckpoint(folder))!) {
    const made = encoderName(given)
    if (made === null) continue
    const data = await readTensor(given, place)
    const [rows = 0, width = 0] = place.shape
    tensors[made] =
      made === 'position_embd.weight'
        ? { shape: [rows - skipped, width], data: data.slice(skipped * width) }
        : { shape: place.shape, data }
  }
  const gguf = await writeGguf(
    join(root, `${name}.gguf`),
    {
      'general.architecture': 'bert',
      'bert.block_count': config.num_hidden_layers!,
      'bert.context_length': config.max_position_embeddings! - skipped,
      'bert.embedding_length': config.hidden_size!,
      'bert.feed_forward_length': config.intermediate_size!,
      'bert.attention.head_count': config.num_attention_heads!,
      'bert.attention.layer_norm_epsilon': { f32: config.layer_norm_eps! },
      'bert.attention.causal': false,
      'bert.pooling_type': pooling,
      ...(ggufTokenizer(folder, '') satisfies Record<string, GgufValue>),
    },
    tensors,
  )
  return { folder, gguf }
}

const ENCODER_NAMES: Readonly<Record<string, string>> = {
  'embeddings.word_embeddings': 'token_embd',
  'embeddings.position_embeddings': 'position_embd',
  'embeddings.token_type_embeddings': 'token_types',
  'embeddings.LayerNorm': 'token_embd_norm',
  'attention.self.query': 'attn_q',
  'attention.self.key': 'attn_k',
  'attention.self.value': 'attn_v',
  'attention.output.dense': 'attn_output',
  'attention.output.LayerNorm': 'attn_output_norm',
  'intermediate.dense': 'ffn_up',
  'output.dense': 'ffn_down',
  'output.LayerNorm': 'layer_output_norm',
}

function encoderName(name: string): string | null {
  const match =
    /^(?:\w+\.)?(?:encoder\.layer\.(\d+)\.)?((?:embeddings|attention|intermediate|output)\..+)\.(weight|bias)$/.exec(
      name,
    )
  const made = match === null ? undefined : ENCODER_NAMES[match[2]!]
  return made === undefined ? null : `${match![1] === undefined ? '' : `blk.${match![1]}.`}${made}.${match![3]}`
}

function safetensors(tensors: ReadonlyMap<string, GgufTensorData>): Buffer {
  const header: Record<string, object> = {}
  let offset = 0
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const bytes = [...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([length, json, ...bytes])
}

/** Normally distributed numbers from a seed: mulberry32, and Box and Muller's transformation. */
function generator(seed: number): () => number {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}
