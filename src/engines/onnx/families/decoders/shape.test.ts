import { describe, expect, it } from 'vitest'
import { decoderModelTypes, decoderShape, isDecoder } from './shape.ts'

const SIZES = {
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 6,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 256,
}
const frequencies = (config: Record<string, unknown>) => decoderShape(config).ropes.map((rope) => [...rope.frequencies])

describe('decoderShape', () => {
  it('fills in what the shortened configs of Gemma 3’s larger models leave out', () => {
    // The text part of the 4B model's config.json; transformers' Gemma3TextConfig has the rest as defaults.
    const text_config = {
      model_type: 'gemma3_text',
      hidden_size: 2560,
      intermediate_size: 10_240,
      num_hidden_layers: 34,
      rope_scaling: { factor: 8, rope_type: 'linear' },
      sliding_window: 1024,
    }
    const shape = decoderShape({ model_type: 'gemma3', text_config })
    expect(shape).toMatchObject({ heads: 8, kvHeads: 4, headSize: 256, context: 131_072, layers: 34, tied: true })
    expect(shape.windows.slice(3, 6).map((window) => window?.causal ?? null)).toEqual([1024, 1024, null])
  })

  it('reads older and newer ways to say the same', () => {
    const older = {
      ...SIZES,
      model_type: 'gemma3_text',
      head_dim: 16,
      sliding_window: 8,
      sliding_window_pattern: 3,
      rope_theta: 500_000,
      rope_local_base_freq: 20_000,
      rope_scaling: { rope_type: 'linear', factor: 8 },
    }
    const newer = {
      ...SIZES,
      model_type: 'gemma3_text',
      head_dim: 16,
      sliding_window: 8,
      layer_types: ['sliding_attention', 'sliding_attention', 'full_attention'].concat(
        ...[['sliding_attention', 'sliding_attention', 'full_attention']],
      ),
      rope_parameters: {
        full_attention: { rope_type: 'linear', rope_theta: 500_000, factor: 8 },
        sliding_attention: { rope_type: 'default', rope_theta: 20_000 },
      },
    }
    expect(decoderShape(older)).toEqual(decoderShape(newer))
    expect(decoderShape(older).windows.map((window) => window?.causal ?? null)).toEqual([8, 8, null, 8, 8, null])
    const llama = { ...SIZES, model_type: 'llama' }
    const linear = { rope_type: 'linear', factor: 4 }
    expect(frequencies({ ...llama, rope_theta: 77, rope_scaling: { type: 'linear', factor: 4 } })).toEqual(
      frequencies({ ...llama, rope_parameters: { ...linear, rope_theta: 77 } }),
    )
  })

  it('takes the text part of vision-language models, whose rotary positions are one for text', () => {
    const text = { ...SIZES, rope_theta: 1_000_000, rope_scaling: { type: 'mrope', mrope_section: [2, 3, 3] } }
    const flat = { model_type: 'qwen2_5_vl', ...text }
    const nested = { model_type: 'qwen2_5_vl', text_config: { model_type: 'qwen2_5_vl_text', ...text } }
    const plain = { model_type: 'qwen2', ...SIZES, rope_theta: 1_000_000 }
    expect(decoderShape(flat)).toEqual(decoderShape(plain))
    expect(decoderShape(nested)).toEqual(decoderShape(plain))
  })

  it('slides only where the model does', () => {
    const windows = (config: object) =>
      decoderShape({ ...SIZES, ...config }).windows.map((window) => window?.causal ?? null)
    const qwen = { model_type: 'qwen2', sliding_window: 32, max_window_layers: 4 }
    expect(windows({ ...qwen, use_sliding_window: false })).toEqual([null, null, null, null, null, null])
    expect(windows({ ...qwen, use_sliding_window: true })).toEqual([null, null, null, null, 32, 32])
    expect(windows({ model_type: 'mistral', sliding_window: 9 })).toEqual([9, 9, 9, 9, 9, 9])
    expect(windows({ model_type: 'mistral', sliding_window: null })).toEqual([null, null, null, null, null, null])
  })

  it('knows models that were trained to look both ways, and how far', () => {
    const gemma = { ...SIZES, model_type: 'gemma3_text', sliding_window: 8, use_bidirectional_attention: true }
    expect(decoderShape(gemma).attention).toBe('bidirectional')
    expect(decoderShape(gemma).windows[0]).toEqual({ causal: 8, reach: 4 })
    expect(decoderShape({ ...SIZES, model_type: 'qwen2', is_causal: false }).attention).toBe('bidirectional')
    expect(decoderShape({ ...SIZES, model_type: 'qwen2' }).attention).toBe('causal')
  })

  it('names an unknown architecture and those that are built', () => {
    expect(isDecoder({ model_type: 'mamba' })).toBe(false)
    expect(() => decoderShape({ ...SIZES, model_type: 'mamba' })).toThrow(
      `the architecture "mamba" is not among the decoders that are built: ${decoderModelTypes.join(', ')}`,
    )
    expect(decoderModelTypes).toEqual(expect.arrayContaining(['qwen2', 'qwen3', 'llama', 'mistral', 'gemma3_text']))
  })

  it.each([
    [{ num_key_value_heads: 3 }, '4 heads cannot share 3 heads of keys evenly'],
    [{ head_dim: 20 }, 'heads of 20 numbers are not built'],
    [{ hidden_act: 'relu' }, 'the activation "relu" is not built'],
    [{ hidden_size: 'wide' }, '"hidden_size" is "wide", not a size'],
    [{ layer_types: ['full_attention'] }, '1 layers are described, "num_hidden_layers" is 6'],
    [{ layer_types: new Array(6).fill('chunked_attention') }, 'layers of type "chunked_attention" are not built'],
    [{ use_sliding_window: true, max_window_layers: 0, sliding_window: null }, '"sliding_window" is null, not a size'],
    [{ attn_logit_softcapping: 50 }, 'soft-capped attention is not built'],
  ])('refuses %j', (change, message) => {
    expect(() => decoderShape({ ...SIZES, model_type: 'qwen2', ...change })).toThrow(message)
  })
})
