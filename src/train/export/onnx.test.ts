import { existsSync } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { tinyDecoder } from '../../../test/support/tiny-decoder.ts'
import { cosine } from '../../../test/support/torch.ts'
import { type EncoderFlags, encoderSpec } from '../../cli/encoder-flags.ts'
import { Workspace } from '../../core/workspace.ts'
import { prepareOnnx } from '../../engines/onnx/index.ts'
import * as ort from '../../engines/onnx/runtime.ts'
import { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import { type ExportModel, openExportModel } from './model.ts'
import { type OnnxDtype, writeOnnxFolder } from './onnx.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/models/${name}`, import.meta.url))
const TEXTS = [
  'what mends a heart',
  'dogs',
  'a much longer text about the hearts of zebrafish and how they are mended',
  'the',
]

interface Case {
  readonly name: string
  readonly model: string
  readonly flags?: EncoderFlags
  readonly dtype?: OnnxDtype
}

/** What the exported graph gives all texts in one padded batch. */
async function exported(folder: string, model: ExportModel): Promise<Float32Array[]> {
  const { tokenizerFile, tokenizerConfig } = model.files
  const tokenizer = await PromptTokenizer.load(tokenizerFile, tokenizerConfig, false)
  const { recipe } = model
  const limit = { maxLength: recipe.maxLength.document, lengthOf: recipe.lengthOf }
  const rows = TEXTS.map((text) => tokenizer.encode(recipe.prompts.document[0]!, text, '', limit).ids)
  const length = Math.max(...rows.map((row) => row.length)) + 2
  // Whatever stands in the padding must not matter; RoBERTa's positions ask for the padding token, which is 1.
  const ids = rows.flatMap((row) => [...row, ...Array.from({ length: length - row.length }, () => 1)])
  const mask = rows.flatMap((row) => Array.from({ length }, (_, i) => (i < row.length ? 1 : 0)))
  const tensor = (values: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [rows.length, length])
  const session = await ort.InferenceSession.create(join(folder, 'onnx', 'model.onnx'))
  const { sentence_embedding: output } = await session.run({ input_ids: tensor(ids), attention_mask: tensor(mask) })
  const width = output!.dims[1]!
  const data = output!.data as Float32Array
  await session.release()
  return rows.map((_, i) => data.slice(i * width, (i + 1) * width))
}

async function ours({ model, flags = {}, dtype = 'float32' }: Case): Promise<Float32Array[]> {
  const { recipe, parameters } = (await encoderSpec(model, flags)).recipe
  const encoder = await (await prepareOnnx(model, { recipe, parameters, dtype })).open({ threads: 1 })
  const { vectors, dimension } = await encoder.encode(TEXTS, 'document')
  await encoder.close()
  return TEXTS.map((_, i) => vectors.slice(i * dimension, (i + 1) * dimension))
}

describe('an exported ONNX graph', () => {
  it('gives the engine’s vectors for padded batches, whatever family, pooling, layer, direction and precision', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const [qwen2, qwen3, llama] = await Promise.all([
      tinyDecoder(join(place, 'qwen2')),
      tinyDecoder(join(place, 'qwen3'), { type: 'qwen3', tied: true, dtype: 'BF16' }),
      tinyDecoder(join(place, 'llama'), { type: 'llama', dtype: 'F16' }),
    ])
    const cases: Case[] = [
      ...['bert', 'roberta', 'xlm-roberta', 'mpnet', 'bert-old'].map((name) => ({ name, model: fixture(name) })),
      { name: 'poolings', model: fixture('bert'), flags: { pooling: 'max' } },
      { name: 'cls', model: fixture('mpnet'), flags: { pooling: 'cls' } },
      { name: 'sqrt', model: fixture('roberta'), flags: { pooling: 'mean_sqrt_len' } },
      { name: 'bert-int8', model: fixture('bert'), dtype: 'int8' },
      { name: 'last', model: qwen2!, flags: { recipe: 'last-token' } },
      { name: 'weighted', model: llama!, flags: { recipe: 'weighted-mean' } },
      { name: 'layer', model: qwen3!, flags: { recipe: 'mean', layer: '2' } },
      { name: 'both-ways', model: qwen2!, flags: { recipe: 'mean', attention: 'bidirectional' } },
      { name: 'decoder-int8', model: qwen2!, flags: { recipe: 'last-token' }, dtype: 'int8' },
    ]
    for (const given of cases) {
      const opened = await openExportModel(await encoderSpec(given.model, given.flags ?? {}), null, workspace, {})
      const folder = join(place, `out-${given.name}`)
      await writeOnnxFolder(opened, given.dtype ?? 'float32', folder, {})
      const [one, other] = [await exported(folder, opened), await ours(given)]
      const least = Math.min(
        ...one.map((vector, i) => (vector.length === other[i]!.length ? cosine(vector, other[i]!) : -1)),
      )
      // Rounding activations to 8 bits turns a difference in the last bit into one in the third digit.
      expect([given.name, least]).toEqual([given.name, expect.closeTo(1, given.dtype === 'int8' ? 3 : 5)])
      const norms = one.map((vector) => Math.hypot(...vector))
      if (opened.recipe.normalize) for (const norm of norms) expect(norm).toBeCloseTo(1, 4)
      expect(existsSync(join(folder, '.scratch'))).toBe(false)
      expect(await readdir(folder)).toEqual(
        expect.arrayContaining(['onnx', 'config.json', 'tokenizer.json', 'recipe.json']),
      )
    }
    // Weights lie beside the graph, which is small.
    expect((await stat(join(place, 'out-last', 'onnx', 'model.onnx'))).size).toBeLessThan(300_000)
  }, 120_000)

  it('is used here with the recipe that it was exported with, and with no other', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const given: Case = {
      name: 'task',
      model: await tinyDecoder(join(place, 'qwen2')),
      flags: { recipe: 'last-token', queryPrompt: '{task}: {text}', documentPrompt: 'passage: ' },
    }
    const folder = join(place, 'out')
    const opened = await openExportModel(await encoderSpec(given.model, given.flags!), 'Find it', workspace, {})
    await writeOnnxFolder(opened, 'float32', folder, {})
    const prepared = await prepareOnnx(folder)
    expect(prepared.info).toMatchObject({ recipe: { id: 'last-token', pooling: ['lasttoken'] }, warnings: [] })
    expect(prepared.info.recipe.prompts.query[0]!.parts[0]).toEqual({ kind: 'literal', text: 'Find it' })
    const encoder = await prepared.open({ threads: 1 })
    const { vectors, dimension } = await encoder.encode(TEXTS, 'document')
    await encoder.close()
    for (const [i, vector] of (await ours(given)).entries())
      expect(cosine(vector, vectors.slice(i * dimension, (i + 1) * dimension))).toBeCloseTo(1, 5)
    await expect(prepareOnnx(folder, { recipe: 'mean' })).rejects.toThrow(/exported with the recipe last-token/)
    await expect(prepareOnnx(folder, { parameters: { pooling: 'mean' } })).rejects.toThrow(/pooling cannot be changed/)
    await writeFile(join(folder, 'recipe.json'), '{"recipe": {"id": "mean"}}')
    await expect(prepareOnnx(folder)).rejects.toThrow(/holds no recipe/)
  }, 60_000)

  it('is refused for recipes that need more than one pass, by what they need', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const model = await tinyDecoder(join(place, 'qwen2'))
    const refusal = async (recipe: string, from = model) => {
      const opened = await openExportModel(await encoderSpec(from, { recipe }), null, workspace, {})
      return writeOnnxFolder(opened, 'float32', join(place, 'out'), {}).then(
        () => 'taken',
        (error: Error) => error.message,
      )
    }
    expect(await refusal('metaeol')).toMatch(/several prompts for one text/)
    expect(await refusal('echo')).toMatch(/pooling over a part of the tokens/)
    expect(await refusal('sentence-transformers', fixture('distilbert'))).toMatch(/pooling over a part of the tokens/)
  })
})
