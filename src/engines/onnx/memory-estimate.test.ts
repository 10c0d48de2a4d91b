import { describe, expect, it } from 'vitest'
import type { TensorPlace } from '../text/safetensors.ts'
import { buildDecoder, type DecoderOptions } from './families/decoders/index.ts'
import { graphMemory } from './memory-estimate.ts'

const GIB = 2 ** 30
const [HIDDEN, WIDE, KEYS, WORDS] = [3584, 18944, 512, 152064]
/** Qwen2.5 7B. */
const CONFIG = {
  model_type: 'qwen2',
  hidden_size: HIDDEN,
  intermediate_size: WIDE,
  num_hidden_layers: 28,
  num_attention_heads: 28,
  num_key_value_heads: 4,
  max_position_embeddings: 32768,
  tie_word_embeddings: false,
}
const OPTIONS: DecoderOptions = {
  layer: 28,
  finalNorm: true,
  attention: 'causal',
  positions: 'last',
  logits: true,
  dtype: 'int4',
  maxPositions: 4096,
  cache: false,
}

function checkpoint(): Map<string, TensorPlace> {
  const places = new Map<string, TensorPlace>()
  const add = (name: string, ...shape: number[]) => {
    const bytes = 2 * shape.reduce((a, b) => a * b, 1)
    places.set(name, { type: 'BF16', shape, file: '/model.safetensors', offset: 0, bytes })
  }
  add('model.embed_tokens.weight', WORDS, HIDDEN)
  add('model.norm.weight', HIDDEN)
  add('lm_head.weight', WORDS, HIDDEN)
  for (let layer = 0; layer < CONFIG.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}.`
    const heads = { q: HIDDEN, k: KEYS, v: KEYS }
    for (const [kind, size] of Object.entries(heads)) {
      add(`${at}self_attn.${kind}_proj.weight`, size, HIDDEN)
      add(`${at}self_attn.${kind}_proj.bias`, size)
    }
    add(`${at}self_attn.o_proj.weight`, HIDDEN, HIDDEN)
    for (const name of ['gate', 'up']) add(`${at}mlp.${name}_proj.weight`, WIDE, HIDDEN)
    add(`${at}mlp.down_proj.weight`, HIDDEN, WIDE)
    for (const name of ['input', 'post_attention']) add(`${at}${name}_layernorm.weight`, HIDDEN)
  }
  return places
}

describe('graphMemory', () => {
  const bytes = (options: Partial<DecoderOptions>, tokens: number) =>
    graphMemory(buildDecoder(CONFIG, checkpoint(), { ...OPTIONS, ...options }), tokens) / GIB

  it('fits 7B into 8 GiB with 4 bits, and with 8 bits for texts of usual length', () => {
    expect(bytes({}, 2048)).toBeLessThan(6.5)
    expect(bytes({ dtype: 'int8' }, 512)).toBeLessThan(7.5)
  })

  it('counts what is computed only', () => {
    // 28 layers of 233 million weights in float32, and a head of 545 million that is copied once while it is packed.
    const all = bytes({ dtype: 'float32' }, 512)
    expect(all).toBeGreaterThan(28)
    expect(all).toBeLessThan(30)
    const half = bytes({ dtype: 'float32', layer: 14, logits: false }, 512)
    expect(half).toBeGreaterThan(12)
    expect(half).toBeLessThan(13.5)
  })

  it('counts the scores of all pairs where they are all held', () => {
    const more = bytes({ attention: 'bidirectional' }, 4096) - bytes({}, 4096)
    expect(more).toBeCloseTo((28 * 4096 ** 2 * 4) / GIB, 1)
  })
})
