import { readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/files.ts'
import { LLAMA3_ROPE, type TinyDecoder, tinyDecoder } from '../../../../test/support/tiny-decoder.ts'
import { cosine } from '../../../../test/support/torch.ts'
import { type EncoderFlags, encoderSpec } from '../../../cli/encoder-flags.ts'
import { Workspace } from '../../../core/workspace.ts'
import { prepareLlama } from '../../../engines/llama/index.ts'
import { prepareOnnx } from '../../../engines/onnx/index.ts'
import { readGguf } from '../../../engines/text/gguf/file.ts'
import type { GgufDtype } from '../../../engines/text/gguf/write/tensor-bytes.ts'
import type { PreparedEncoder } from '../../../engines/types.ts'
import { openExportModel } from '../model.ts'
import { writeGguf } from './gguf.ts'

const TEXTS = ['what mends a heart', 'dogs', `a much longer text, ${'the hearing of the dog '.repeat(12)}`]

async function vectors(prepared: PreparedEncoder): Promise<Float32Array[]> {
  const encoder = await prepared.open({ threads: 1 })
  try {
    const { vectors: all, dimension } = await encoder.encode(TEXTS, 'document')
    return TEXTS.map((_, i) => all.slice(i * dimension, (i + 1) * dimension))
  } finally {
    await encoder.close()
  }
}

describe('a GGUF file', () => {
  const cases: [name: string, model: TinyDecoder, dtype: GgufDtype, least: number][] = [
    ['qwen2', { type: 'qwen2' }, 'f32', 0.99999],
    ['qwen2-q8_0', { type: 'qwen2', tied: true, dtype: 'BF16' }, 'q8_0', 0.99],
    ['qwen3', { type: 'qwen3', tied: true, dtype: 'BF16' }, 'bf16', 0.999],
    ['llama', { type: 'llama', dtype: 'F16' }, 'f32', 0.99999],
  ]
  it.each(cases)(
    'gives in llama.cpp the vectors of the model: %s',
    async (name, model, dtype, least) => {
      const place = await temporaryFolder()
      const workspace = await Workspace.open(join(place, 'workspace'))
      const folder = await tinyDecoder(join(place, 'model'), model)
      const flags: EncoderFlags = { recipe: 'last-token', maxLength: '100' }
      const opened = await openExportModel(await encoderSpec(folder, flags), null, workspace, {})
      const file = join(place, `${name}.gguf`)
      await writeGguf(opened, dtype, file, {})
      const options = { recipe: 'last-token', parameters: { maxLength: 100 } }
      const one = await vectors(await prepareLlama(file, { ...options, device: 'cpu' }))
      const other = await vectors(await prepareOnnx(folder, options))
      for (const [i, vector] of one.entries()) expect(cosine(vector, other[i]!)).toBeGreaterThan(least)
      // The file names the pooling, so that another program pools alike.
      const { metadata } = await readGguf(file)
      const architecture = metadata.get('general.architecture')
      expect(metadata.get(`${architecture}.pooling_type`)).toBe(3)
      expect(metadata.get('tokenizer.ggml.add_eos_token')).toBe(true)
      expect(metadata.get('tokenizer.ggml.add_bos_token')).toBe(model.type === 'llama')
    },
    120_000,
  )

  it('is refused for what llama.cpp would compute or cut otherwise, by name', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const refusal = async (model: TinyDecoder) => {
      const folder = await tinyDecoder(await temporaryFolder(), model)
      const opened = await openExportModel(await encoderSpec(folder, { recipe: 'last-token' }), null, workspace, {})
      return writeGguf(opened, 'f16', join(place, 'out.gguf'), {}).then(
        () => 'taken',
        (error: Error) => error.message,
      )
    }
    expect(await refusal({ type: 'qwen2', config: { rope_parameters: LLAMA3_ROPE } })).toMatch(
      /llama3 is unknown to llama.cpp for qwen2/,
    )
    const yarn = {
      rope_type: 'yarn',
      rope_theta: 1e4,
      factor: 2,
      original_max_position_embeddings: 64,
      attention_factor: 1.2,
    }
    expect(await refusal({ type: 'qwen2', config: { rope_parameters: yarn } })).toMatch(
      /attention_factor" is set, which GGUF cannot say/,
    )
    const bert = fileURLToPath(new URL('../../../../test/fixtures/models/bert', import.meta.url))
    const encoder = await openExportModel(await encoderSpec(bert, {}), null, workspace, {})
    await expect(writeGguf(encoder, 'f16', join(place, 'bert.gguf'), {})).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/"bert"; GGUF files are written of qwen2, qwen3, llama, mistral/),
    })
  })

  it('does not come to be from weights that are cut short', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const folder = await tinyDecoder(join(place, 'model'))
    const opened = await openExportModel(await encoderSpec(folder, { recipe: 'mean' }), null, workspace, {})
    await truncate(join(folder, 'model.safetensors'), 200_000)
    await expect(writeGguf(opened, 'f16', join(place, 'out.gguf'), {})).rejects.toMatchObject({ code: 'MODEL_INVALID' })
    await expect(readFile(join(place, 'out.gguf'))).rejects.toThrow(/ENOENT/)
  })
})
