import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { tinyDecoder } from '../../../test/support/tiny-decoder.ts'
import { type EncoderFlags, encoderSpec } from '../../cli/encoder-flags.ts'
import { Workspace } from '../../core/workspace.ts'
import { readCheckpoint, readTensor } from '../../engines/text/safetensors.ts'
import { writeSafetensors } from '../../engines/text/write-safetensors.ts'
import { prepareEncoder } from '../../study/prepare.ts'
import { readTrained, readTrainedGguf, TRAINED_VERSION } from '../../study/trained.ts'
import { exportModel } from './export.ts'
import { openExportModel } from './model.ts'

const RANK = 2

/** A folder of LoRA weights for one matrix of a tiny decoder; the numbers are easy to check. */
async function adapterFor(folder: string, base: string, trained: object | null = null): Promise<string> {
  await mkdir(folder, { recursive: true })
  const config = {
    peft_type: 'LORA',
    base_model_name_or_path: base,
    r: RANK,
    lora_alpha: 4,
    target_modules: ['o_proj'],
  }
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify(config))
  const name = 'base_model.model.model.layers.1.self_attn.o_proj'
  const tensors = [
    {
      name: `${name}.lora_A.weight`,
      shape: [RANK, 64],
      data: Float32Array.from({ length: 128 }, (_, i) => (i % 7) - 3),
    },
    {
      name: `${name}.lora_B.weight`,
      shape: [64, RANK],
      data: Float32Array.from({ length: 128 }, (_, i) => (i % 5) / 10),
    },
  ]
  await writeSafetensors(
    join(folder, 'adapter_model.safetensors'),
    tensors.map(({ data, ...tensor }) => ({ ...tensor, type: 'F32', bytes: data.byteLength })),
    (i, write) => write(new Uint8Array(tensors[i]!.data.buffer)),
  )
  if (trained !== null) await writeFile(join(folder, 'fieldtrial.json'), JSON.stringify(trained))
  return folder
}

async function open(model: string, flags: EncoderFlags, workspace: Workspace, byDefault = false) {
  const spec = await encoderSpec(model, { ...flags, engine: 'torch' })
  return openExportModel({ ...spec, recipe: { ...spec.recipe, byDefault } }, null, workspace, {})
}

describe('exporting', () => {
  it('merges a trained adapter into its base, with the recipe that it was trained with and a card', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const base = await tinyDecoder(join(place, 'tiny-base'))
    const recipe = {
      recipe: 'last-token',
      prompts: { query: 'Query: ', document: 'Passage: ' },
      maxLength: 64,
    } as const
    const spec = await encoderSpec(base, { engine: 'torch' })
    const trainedWith = { recipe: 'last-token', parameters: { prompts: recipe.prompts, maxLength: 64 } } as const
    const { recipe: resolved } = await openExportModel({ ...spec, recipe: trainedWith }, null, workspace, {})
    const trained = {
      version: TRAINED_VERSION,
      fieldtrial: '0.1.0',
      name: 'tiny-for-docs',
      kind: 'adapter',
      recipe,
      resolved,
      base,
      baseFolder: '../tiny-base',
      baseWeights: [],
      data: ['my-docs'],
      fingerprint: 'abc',
    }
    const adapter = await adapterFor(join(place, 'adapter'), base, trained)
    // The folder of LoRA weights alone says what its base is, and which recipe.
    const model = await open(adapter, {}, workspace, true)
    expect(model.recipe).toMatchObject({ id: 'last-token', maxLength: { query: 64, document: 64 } })
    const out = join(place, 'merged')
    const done = await exportModel(model, 'merged', null, out, workspace, {})
    expect(done).toMatchObject({ dtype: 'float32', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const [before, after] = [(await readCheckpoint(base))!, (await readCheckpoint(out))!]
    const name = 'model.layers.1.self_attn.o_proj.weight'
    const [was, is] = [await readTensor(name, before.get(name)!), await readTensor(name, after.get(name)!)]
    // Row 3, column 5: alpha / r = 2; B[3] = (1 mod 5, 2 mod 5) / 10 of entries 6 and 7; A[0][5] = 2, A[1][5] = entry 69.
    const b = [0.1, 0.2]
    const a = [(5 % 7) - 3, (69 % 7) - 3]
    expect(is[3 * 64 + 5]! - was[3 * 64 + 5]!).toBeCloseTo(2 * (b[0]! * a[0]! + b[1]! * a[1]!), 5)
    const card = await readFile(join(out, 'README.md'), 'utf8')
    expect(card).toContain('# tiny-for-docs')
    expect(card).toContain('`"Query: ‹text›<|im_end|>"`')
    expect(card).toContain('my-docs')
    expect(await readTrained(out)).toMatchObject({ kind: 'merged', recipe, fingerprint: 'abc' })
    // The merged folder is a model like any other, with the same recipe.
    expect((await open(out, {}, workspace, true)).recipe).toEqual(model.recipe)
    // So is a GGUF file, which cannot say its prompts itself; another model's beside it is none of ours.
    const gguf = join(place, 'gguf')
    await exportModel(model, 'gguf', 'f32', gguf, workspace, {})
    const llama = await encoderSpec(join(gguf, 'tiny-for-docs-f32.gguf'), { engine: 'llama' })
    const prepared = await prepareEncoder({ ...llama, recipe: { ...llama.recipe, byDefault: true } }, workspace)
    expect(prepared.info.recipe).toMatchObject({ prompts: model.recipe.prompts, maxLength: { query: 64 } })
    expect(await readTrainedGguf(join(gguf, 'another-f32.gguf'))).toBeNull()
    // Neither could keep another recipe than that of the training; the layouts that can do.
    const other = await open(adapter, { recipe: 'mean' }, workspace)
    for (const layout of ['merged', 'gguf'] as const)
      await expect(exportModel(other, layout, null, join(place, 'other'), workspace, {})).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/is used with that of its training; another one was asked for \(.*pooling/),
      })
    await exportModel(other, 'sentence-transformers', null, join(place, 'other'), workspace, {})
  })

  it('gives an own fingerprint to other weights, another recipe and another layout', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const base = await tinyDecoder(join(place, 'tiny-base'))
    const other = await tinyDecoder(join(place, 'other-base'), { seed: 2 })
    const adapter = await adapterFor(join(place, 'adapter'), base)
    const keys: string[] = []
    for (const [i, [model, flags, layout]] of (
      [
        [base, { recipe: 'mean' }, 'merged'],
        [base, { recipe: 'last-token' }, 'merged'],
        [base, { recipe: 'mean', adapter }, 'merged'],
        [other, { recipe: 'mean' }, 'merged'],
        [base, { recipe: 'mean' }, 'sentence-transformers'],
      ] as const
    ).entries())
      keys.push(
        (await exportModel(await open(model, flags, workspace), layout, null, join(place, `out-${i}`), workspace, {}))
          .fingerprint,
      )
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('leaves nothing behind where it fails, and touches no folder that holds something', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const base = await tinyDecoder(join(place, 'tiny-base'))
    const model = await open(base, { recipe: 'mean' }, workspace)
    await expect(exportModel(model, 'gguf', 'int8', join(place, 'out'), workspace, {})).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringMatching(/f16, f32, bf16, q8_0/),
    })
    await expect(exportModel(model, 'merged', 'float16', join(place, 'out'), workspace, {})).rejects.toMatchObject({
      code: 'USAGE',
    })
    await expect(exportModel(model, 'merged', null, base, workspace, {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/is there already and holds 4 files/),
    })
    const controller = new AbortController()
    const stop = { signal: controller.signal, onProgress: () => controller.abort() }
    await expect(exportModel(model, 'merged', null, join(place, 'out'), workspace, stop)).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    await truncate(join(base, 'model.safetensors'), 100_000)
    await expect(exportModel(model, 'merged', null, join(place, 'out'), workspace, {})).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    })
    expect((await readdir(place)).sort()).toEqual(['tiny-base', 'workspace'])
  })

  it('refuses an adapter of another model', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const base = await tinyDecoder(join(place, 'tiny-base'))
    const adapter = await adapterFor(join(place, 'adapter'), 'somebody/another-model')
    await expect(open(base, { recipe: 'mean', adapter }, workspace)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/was made for somebody\/another-model/),
    })
  })
})
