import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { floatBytes } from '../../src/engines/text/float-bytes.ts'
import { writeSafetensors } from '../../src/engines/text/write-safetensors.ts'

/** Rotary frequencies as Llama 3 stretches them, for a context of 64. */
export const LLAMA3_ROPE = {
  rope_type: 'llama3',
  rope_theta: 10_000,
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
}

export interface TinyDecoder {
  /** `qwen2` has biases, `qwen3` norms per head, `llama` neither, and Llama 3's words and begin token. */
  readonly type?: 'qwen2' | 'qwen3' | 'llama'
  readonly tied?: boolean
  /** Saved without its language-model head, as retrievers are. */
  readonly headless?: boolean
  /** With embeddings that float16 cannot hold. */
  readonly large?: boolean
  readonly dtype?: 'F32' | 'F16' | 'BF16'
  /** Put over config.json. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly seed?: number
}

const [HIDDEN, INNER, HEADS, KV, HEAD, LAYERS] = [64, 96, 4, 2, 16, 3]
const WORDS = (numbers: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
const MERGES = ['t h', 'th e', 'Ġ the', 'h e', 'e a', 'ea r', 'o g', 'd og', 'Ġ h', 'i n', 'in g']

/** A folder with a small decoder of random weights and a byte-level tokenizer; the same for the same seed. Needs no Python. */
export async function tinyDecoder(folder: string, options: TinyDecoder = {}): Promise<string> {
  const { type = 'qwen2', tied = false, headless = false, large = false, dtype = 'F32', seed = 1 } = options
  await mkdir(folder, { recursive: true })
  const tokenizer = tokenizerOf(type)
  const vocabulary = tokenizer.size + 5
  const config = {
    architectures: [`${{ qwen2: 'Qwen2', qwen3: 'Qwen3', llama: 'Llama' }[type]}ForCausalLM`],
    model_type: type,
    hidden_size: HIDDEN,
    intermediate_size: INNER,
    num_attention_heads: HEADS,
    num_key_value_heads: KV,
    head_dim: HEAD,
    num_hidden_layers: LAYERS,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    hidden_act: 'silu',
    vocab_size: vocabulary,
    tie_word_embeddings: tied,
    eos_token_id: tokenizer.ids.eos,
    bos_token_id: tokenizer.ids.bos,
    torch_dtype: { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype],
    ...options.config,
  }
  const shapes: [name: string, shape: number[]][] = [['model.embed_tokens.weight', [vocabulary, HIDDEN]]]
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `model.layers.${layer}`
    const linear = (name: string, outputs: number, inputs: number) =>
      shapes.push([`${at}.${name}.weight`, [outputs, inputs]])
    shapes.push([`${at}.input_layernorm.weight`, [HIDDEN]], [`${at}.post_attention_layernorm.weight`, [HIDDEN]])
    for (const [name, heads] of [
      ['q', HEADS],
      ['k', KV],
      ['v', KV],
    ] as const) {
      linear(`self_attn.${name}_proj`, heads * HEAD, HIDDEN)
      if (type === 'qwen2') shapes.push([`${at}.self_attn.${name}_proj.bias`, [heads * HEAD]])
      if (type === 'qwen3' && name !== 'v') shapes.push([`${at}.self_attn.${name}_norm.weight`, [HEAD]])
    }
    linear('self_attn.o_proj', HIDDEN, HEADS * HEAD)
    linear('mlp.gate_proj', INNER, HIDDEN)
    linear('mlp.up_proj', INNER, HIDDEN)
    linear('mlp.down_proj', HIDDEN, INNER)
  }
  shapes.push(['model.norm.weight', [HIDDEN]])
  if (!tied && !headless) shapes.push(['lm_head.weight', [vocabulary, HIDDEN]])
  const next = noise(seed)
  const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1)
  const tensors = shapes.map(([name, shape]) => {
    const scale = name.includes('embed') ? (large ? 1e6 : 1) : shape.length === 1 ? 0.3 : 1 / Math.sqrt(shape[1]!)
    const centre = name.includes('norm') ? 1 : 0
    const numbers = Float32Array.from({ length: size(shape) }, () => centre + scale * next())
    return { name, shape, type: dtype, data: floatBytes(numbers, dtype, name) }
  })
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    tensors.map(({ data, ...tensor }) => ({ ...tensor, bytes: data.length })),
    (i, write) => write(tensors[i]!.data),
  )
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer.json))
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizer.config))
  return folder
}

/** GPT-2's alphabet: bytes that print stand for themselves, the others for code points from 256 on. */
function byteAlphabet(): string[] {
  const prints = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let spare = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(prints(byte) ? byte : spare++))
}

function tokenizerOf(type: NonNullable<TinyDecoder['type']>) {
  const llama = type === 'llama'
  const texts = [...byteAlphabet(), ...MERGES.map((merge) => merge.replace(' ', ''))]
  const names = llama
    ? { bos: '<|begin_of_text|>', eos: '<|end_of_text|>', more: '<|eot_id|>' }
    : { bos: '<|im_start|>', eos: '<|im_end|>', more: '<|endoftext|>' }
  const id = (at: number) => texts.length + at
  const added = [names.more, names.bos, names.eos].map((content, at) => ({
    id: id(at),
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  }))
  const split = {
    type: 'Split',
    pattern: { Regex: WORDS(llama ? '\\p{N}{1,3}' : '\\p{N}') },
    behavior: 'Isolated',
    invert: false,
  }
  const piece = { SpecialToken: { id: names.bos, type_id: 0 } }
  const single = [piece, { Sequence: { id: 'A', type_id: 0 } }]
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  return {
    size: texts.length + 3,
    ids: { bos: id(1), eos: id(2) },
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: llama ? null : { type: 'NFC' },
      pre_tokenizer: { type: 'Sequence', pretokenizers: [split, bytes] },
      post_processor: llama
        ? {
            type: 'TemplateProcessing',
            single,
            pair: single,
            special_tokens: { [names.bos]: { id: names.bos, ids: [id(1)], tokens: [names.bos] } },
          }
        : bytes,
      decoder: { ...bytes, use_regex: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: llama,
        vocab: Object.fromEntries(texts.map((text, at) => [text, at])),
        merges: MERGES.map((merge) => merge.split(' ')),
      },
    },
    config: {
      tokenizer_class: llama ? 'PreTrainedTokenizerFast' : 'Qwen2Tokenizer',
      eos_token: names.eos,
      ...(llama ? { bos_token: names.bos } : { pad_token: names.more }),
      clean_up_tokenization_spaces: false,
    },
  }
}

/** Numbers like those of a normal distribution (twelve even ones summed), out of mulberry32. */
function noise(seed: number): () => number {
  let state = seed
  const even = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return () => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += even()
    return sum
  }
}
