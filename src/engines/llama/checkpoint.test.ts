import { cp, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { LLAMA3_ROPE, type TinyDecoder, tinyDecoder } from '../../../test/support/tiny-decoder.ts'
import { cosine } from '../../../test/support/torch.ts'
import type { FieldtrialError } from '../../core/errors.ts'
import type { Progress } from '../../core/progress.ts'
import { prepareOnnx } from '../onnx/index.ts'
import { writeSafetensors } from '../text/write-safetensors.ts'
import type { PreparedEncoder } from '../types.ts'
import { type LlamaOptions, prepareLlama } from './index.ts'

const TEXTS = ['what mends a heart', 'dogs', `a much longer text, ${'the hearing of the dog '.repeat(12)}`]

async function encoded(prepared: PreparedEncoder): Promise<Float32Array[]> {
  const encoder = await prepared.open({ threads: 1 })
  try {
    const { vectors, dimension } = await encoder.encode(TEXTS, 'document')
    expect(dimension).toBe(prepared.info.dimension)
    return TEXTS.map((_, i) => vectors.slice(i * dimension, (i + 1) * dimension))
  } finally {
    await encoder.close()
  }
}

/** The lowest cosine between the engines’ vectors of one folder. */
async function least(folder: string, options: LlamaOptions): Promise<number> {
  const { recipe, parameters } = options
  const one = await encoded(await prepareLlama(folder, { device: 'cpu', ...options }))
  const shared = { ...(recipe ? { recipe } : {}), ...(parameters ? { parameters } : {}) }
  const other = await encoded(await prepareOnnx(folder, shared))
  return Math.min(...one.map((vector, i) => cosine(vector, other[i]!)))
}

/** sentence-transformers' files beside a decoder: the mean, a dense layer, length 1. */
async function withModules(folder: string): Promise<void> {
  const type = (name: string) => `sentence_transformers.models.${name}`
  const modules = [
    ['', 'Transformer'],
    ['1_Pooling', 'Pooling'],
    ['2_Dense', 'Dense'],
    ['3_Normalize', 'Normalize'],
  ].map(([path, name], idx) => ({ idx, name: String(idx), path, type: type(name!) }))
  await writeFile(join(folder, 'modules.json'), JSON.stringify(modules))
  for (const name of ['1_Pooling', '2_Dense']) await mkdir(join(folder, name))
  const pooling = { word_embedding_dimension: 64, pooling_mode_mean_tokens: true }
  await writeFile(join(folder, '1_Pooling', 'config.json'), JSON.stringify(pooling))
  const dense = {
    in_features: 64,
    out_features: 16,
    bias: false,
    activation_function: 'torch.nn.modules.activation.Tanh',
  }
  await writeFile(join(folder, '2_Dense', 'config.json'), JSON.stringify(dense))
  const weights = Float32Array.from({ length: 16 * 64 }, (_, i) => Math.sin(i * 12.9898) / 8)
  await writeSafetensors(
    join(folder, '2_Dense', 'model.safetensors'),
    [{ name: 'linear.weight', type: 'F32', shape: [16, 64], bytes: weights.byteLength }],
    (_, write) => write(new Uint8Array(weights.buffer)),
  )
}

const YARN = { rope_type: 'yarn', rope_theta: 10_000, factor: 4, original_max_position_embeddings: 32 }

describe('engine llama on a checkpoint', { timeout: 60_000 }, () => {
  const last = { recipe: 'last-token', parameters: { maxLength: 100 } }
  const mean = { recipe: 'mean', parameters: { maxLength: 100 } }
  const both = { is_causal: false }
  const cases: [name: string, model: TinyDecoder, options: LlamaOptions, least: number][] = [
    ['in 32 bits', {}, last, 0.99999],
    ['in 16 bits', { type: 'qwen3', dtype: 'F16', tied: true }, last, 0.9999],
    ['of bfloat16', { type: 'llama', dtype: 'BF16' }, mean, 0.9999],
    ['in 8 bits', { tied: true }, { ...last, dtype: 'int8' }, 0.99],
    ['with YaRN', { config: { rope_parameters: YARN } }, last, 0.99999],
    ['with Llama 3’s scaling', { type: 'llama', config: { rope_parameters: LLAMA3_ROPE } }, last, 0.99999],
    ['with linear scaling', { config: { rope_scaling: { rope_type: 'linear', factor: 3 } } }, mean, 0.99999],
    ['that attends in both directions', { config: both }, mean, 0.99999],
    ['of Qwen3 that does', { type: 'qwen3', config: both }, last, 0.99999],
    ['of Llama that does', { type: 'llama', config: both }, mean, 0.99999],
    ['saved without a head', { type: 'qwen3', headless: true }, last, 0.99999],
    [
      'told to look both ways',
      {},
      { recipe: 'mean', parameters: { maxLength: 100, attention: 'bidirectional' } },
      0.99999,
    ],
    [
      'told not to',
      { config: both },
      { recipe: 'last-token', parameters: { maxLength: 100, attention: 'causal' } },
      0.99999,
    ],
  ]
  it.each(cases)('gives the vectors of engine onnx: one %s', async (_, model, options, atLeast) => {
    const place = await temporaryFolder()
    const folder = await tinyDecoder(join(place, 'model'), model)
    expect(await least(folder, { ...options, convertedCache: join(place, 'cache') })).toBeGreaterThan(atLeast)
  })

  it('follows sentence-transformers’ files, dense layers too', async () => {
    const place = await temporaryFolder()
    const folder = await tinyDecoder(join(place, 'model'), { config: both })
    await withModules(folder)
    const convertedCache = join(place, 'cache')
    expect(await least(folder, { convertedCache })).toBeGreaterThan(0.99999)
    const { info } = await prepareLlama(folder, { convertedCache, device: 'cpu' })
    expect(info).toMatchObject({ dimension: 16, identity: { dtype: 'float32', head: expect.any(Array) } })
  })

  it('makes the file once, whoever asks first, and again where it is damaged', async () => {
    const place = await temporaryFolder()
    const folder = await tinyDecoder(join(place, 'model'))
    const convertedCache = join(place, 'cache')
    const prepare = () => prepareLlama(folder, { ...last, convertedCache, device: 'cpu' })
    const files = async () => (await readdir(convertedCache)).map((name) => join(convertedCache, name))
    const prepared = await prepare()
    // Nothing is written for a plan.
    await expect(readdir(convertedCache)).rejects.toThrow(/ENOENT/)
    const told: Progress[] = []
    const opened = [prepared, await prepare()].map((one) =>
      one.open({ threads: 1, onProgress: (progress) => told.push(progress) }),
    )
    for (const encoder of await Promise.all(opened)) await encoder.close()
    const [file, ...others] = await files()
    expect(others).toEqual([])
    const { ino, size } = await stat(file!)
    // One of the two has written: the bytes of the weights, from none to all.
    expect(told[0]).toMatchObject({ step: 'convert to GGUF', subject: folder, unit: 'bytes' })
    expect(told.filter(({ done, total }) => done === total).length).toBe(1)
    await encoded(await prepare())
    expect((await stat(file!)).ino).toBe(ino)
    const before = await encoded(prepared)
    await truncate(file!, size - 5000)
    await writeFile(`${file}.99999999-0123abcd.partial`, 'left by a process that is gone')
    expect(await encoded(await prepare())).toEqual(before)
    expect((await stat(file!)).size).toBe(size)
    expect(await files()).toEqual([file])
  })

  it('knows a model by what it holds, and by its dtype', async () => {
    const place = await temporaryFolder()
    const folder = await tinyDecoder(join(place, 'model'))
    const convertedCache = join(place, 'cache')
    const identity = async (of: string, dtype?: LlamaOptions['dtype']) =>
      (await prepareLlama(of, { ...last, convertedCache, device: 'cpu', ...(dtype ? { dtype } : {}) })).info.identity
    const one = await identity(folder)
    expect(one).toMatchObject({ engine: 'llama', dtype: 'float32', converter: 1, device: 'cpu' })
    await cp(folder, join(place, 'copy'), { recursive: true })
    expect(await identity(join(place, 'copy'))).toEqual(one)
    expect(await identity(folder, 'float32')).toEqual(one)
    expect(await identity(folder, 'float16')).not.toEqual(one)
    const other = await tinyDecoder(join(place, 'other'), { config: { rope_theta: 20_000 } })
    expect(await identity(other)).not.toEqual(one)
  })

  it('can be stopped while it converts, and leaves nothing half made', async () => {
    const place = await temporaryFolder()
    const folder = await tinyDecoder(join(place, 'model'))
    const convertedCache = join(place, 'cache')
    const prepared = await prepareLlama(folder, { ...last, convertedCache, device: 'cpu' })
    const abort = new AbortController()
    const opening = prepared.open({ signal: abort.signal, onProgress: () => abort.abort() })
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await readdir(convertedCache)).toEqual([])
  })

  it('names weights that the dtype cannot hold', async () => {
    const place = await temporaryFolder()
    const folder = await tinyDecoder(join(place, 'model'), { dtype: 'BF16', large: true })
    const convertedCache = join(place, 'cache')
    const prepared = await prepareLlama(folder, { ...last, convertedCache, device: 'cpu' })
    await expect(prepared.open()).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/token_embd\.weight holds numbers beyond 65,504/),
      hint: expect.stringContaining('float32 or bfloat16'),
    })
  })
})

describe('what engine llama makes no GGUF file of', () => {
  const bert = fileURLToPath(new URL('../../../test/fixtures/models/bert', import.meta.url))
  const refusal = async (model: TinyDecoder | string, options: LlamaOptions = {}) => {
    const place = await temporaryFolder()
    const folder = typeof model === 'string' ? model : await tinyDecoder(join(place, 'model'), model)
    return prepareLlama(folder, {
      recipe: 'last-token',
      convertedCache: join(place, 'cache'),
      model: 'mine',
      ...options,
    }).then(
      () => 'taken',
      ({ code, message, hint }: FieldtrialError) => `${code} ${message} ${hint}`,
    )
  }

  it('is told by name, with what to use', async () => {
    expect(await refusal(bert)).toMatch(/MODEL_INVALID mine is an encoder \(bert\).*Use engine: onnx or torch/)
    expect(await refusal({ config: { model_type: 'qwen2_5_vl', vision_config: {} } })).toMatch(
      /MODEL_INVALID mine sees images \(qwen2_5_vl\).*engine: onnx or torch/,
    )
    expect(await refusal({ config: { model_type: 'gemma3_text' } })).toMatch(
      /MODEL_INVALID mine cannot be written as GGUF.*"gemma3_text"; GGUF files are written of qwen2.*Use engine: onnx/,
    )
    expect(await refusal({ config: { rope_parameters: { ...YARN, attention_factor: 2 } } })).toMatch(
      /attention_factor" is set, which GGUF cannot say/,
    )
  })

  it('is a tokenizer for which llama.cpp has no name, told before any work', async () => {
    const folder = await tinyDecoder(await temporaryFolder())
    const file = join(folder, 'tokenizer.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace('\\p{N}| ?', '\\p{N}{1,7}| ?'))
    expect(await refusal(folder)).toMatch(/cuts words by a pattern that llama\.cpp has no name for/)
  })

  it('is a window that llama.cpp would look beyond, unless texts stay within', async () => {
    const model = { config: { use_sliding_window: true, sliding_window: 64, max_window_layers: 1 } }
    expect(await refusal(model, { parameters: { maxLength: 65 } })).toMatch(
      /RECIPE_INVALID mine looks back 64 tokens.*up to 65 tokens.*maxLength/,
    )
    expect(await refusal(model, { parameters: { maxLength: 64 } })).toBe('taken')
  })

  it('is a GGUF file, which has its dtype, and anything without a place for the file', async () => {
    expect(await refusal('some.gguf', { dtype: 'float16' })).toMatch(/USAGE some\.gguf has its weights as they are/)
    expect(await refusal({}, { dtype: 'int4' as never })).toMatch(/USAGE "int4" is no dtype of the engine llama.*int8/)
    await expect(prepareLlama(await tinyDecoder(await temporaryFolder()))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('needs a folder for the GGUF file'),
    })
  })
})
