import { cp, mkdir, mkdtemp, open, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { differingFields } from '../../core/fingerprint.ts'
import { compareEncoders } from '../conformance/index.ts'
import { readSafetensors } from '../text/safetensors.ts'
import type { PreparedEncoder } from '../types.ts'
import { type OnnxOptions, prepareOnnx, supportedArchitecture } from './prepare.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/models/${name}`, import.meta.url))
const TEXTS = ['what causes rain?', 'The quick brown fox jumps over the lazy dog.', 'retrieval of documents', '']

/** A copy of a fixture that a test may break. */
async function copy(name: string): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'model-')), name)
  await cp(fixture(name), folder, { recursive: true })
  return folder
}

async function editJson(path: string, change: (value: Record<string, unknown>) => void): Promise<void> {
  const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  change(value)
  await writeFile(path, JSON.stringify(value))
}

/** Overwrites numbers of a float32 tensor in place. */
async function overwrite(folder: string, tensor: string, at: number, numbers: readonly number[]): Promise<void> {
  const path = join(folder, 'model.safetensors')
  const place = (await readSafetensors(path))!.get(tensor)!
  const file = await open(path, 'r+')
  await file.write(new Uint8Array(Float32Array.from(numbers).buffer), 0, numbers.length * 4, place.offset + at * 4)
  await file.close()
}

/** Vectors equal those of another folder's model. */
async function expectSame(a: PreparedEncoder, b: PreparedEncoder): Promise<void> {
  const [ours, theirs] = [await a.open({ threads: 1 }), await b.open({ threads: 1 })]
  try {
    expect((await compareEncoders(ours, theirs, TEXTS)).min).toBeGreaterThan(0.9999999)
  } finally {
    await Promise.all([ours.close(), theirs.close()])
  }
}

describe('prepareOnnx', () => {
  it('tells what the encoder will be without loading it', async () => {
    const { info } = await prepareOnnx(fixture('distilbert'), { model: 'tiny' })
    expect(info).toMatchObject({ engine: 'onnx', model: 'tiny', dimension: 24, warnings: [] })
    expect(info.parameters).toBe(300 * 32 + 64 * 32 + 64 + 2 * (4 * 33 * 32 + 33 * 48 + 49 * 32 + 4 * 32))
    expect(info.weightBytes).toBe(info.parameters! * 4)
    expect((await prepareOnnx(fixture('bert-old'))).info.dimension).toBe(96)
    expect((await prepareOnnx(fixture('roberta'))).info.recipe).toMatchObject({
      similarity: 'dot',
      normalize: false,
      pooling: ['cls'],
    })
    const int8 = (await prepareOnnx(fixture('bert'), { dtype: 'int8' })).info
    expect(int8.warnings).toEqual([expect.stringContaining('int8')])
    expect(int8.weightBytes).toBeLessThan((await prepareOnnx(fixture('bert'))).info.weightBytes!)
    expect([
      supportedArchitecture('xlm-roberta'),
      supportedArchitecture('llama'),
      supportedArchitecture('mamba'),
    ]).toEqual([true, true, false])
  })

  describe('identity', () => {
    const identity = async (folder: string, options: OnnxOptions = {}) =>
      (await prepareOnnx(folder, options)).info.identity

    it('is the same for a copy elsewhere, whatever it is called and however it is cached', async () => {
      const [copied, own] = [await copy('roberta'), await identity(fixture('roberta'))]
      expect(await identity(copied, { model: 'another name', hashCache: join(copied, '..', 'hashes.json') })).toEqual(
        own,
      )
      expect(await identity(copied, { hashCache: join(copied, '..', 'hashes.json') })).toEqual(own)
      expect(await identity(copied, { batchTokens: 7 })).toEqual(own)
    })

    it('changes with anything that changes vectors, and names the field', async () => {
      const own = await identity(fixture('bert'))
      const differs = async (folder: string, options: OnnxOptions = {}) =>
        differingFields(own, await identity(folder, options))
      expect(await differs(fixture('bert'), { dtype: 'int8' })).toEqual(['dtype'])
      expect(await differs(fixture('bert'), { parameters: { maxLength: 20 } })).toEqual([
        'recipe.maxLength.document',
        'recipe.maxLength.query',
      ])
      expect(await differs(fixture('bert'), { parameters: { prompts: { query: 'q: ' } } })).toEqual([
        'recipe.prompts.query',
      ])
      const weights = await copy('bert')
      await overwrite(weights, 'embeddings.LayerNorm.bias', 3, [0.5])
      expect(await differs(weights)).toEqual(['weights'])
      const tokenizer = await copy('bert')
      await editJson(join(tokenizer, 'tokenizer.json'), (json) => (json.version = 'x'))
      expect(await differs(tokenizer)).toEqual(['tokenizer'])
      const config = await copy('bert')
      await editJson(join(config, 'config.json'), (json) => (json.layer_norm_eps = 0.1))
      expect(await differs(config)).toEqual(['configs'])
    })
  })

  describe('files that lie elsewhere', () => {
    it('reads a hub cache, where every file is a link', async () => {
      for (const name of ['roberta', 'distilbert', 'shipped']) {
        const [real, root] = [await copy(name), await mkdtemp(join(tmpdir(), 'cache-'))]
        await mkdir(join(root, 'blobs'))
        const entries = await readdir(real, { recursive: true, withFileTypes: true })
        for (const [i, entry] of entries.filter((e) => e.isFile()).entries()) {
          const target = join(root, 'blobs', `blob${i}`)
          const link = join(root, 'snapshot', entry.parentPath.slice(real.length), entry.name)
          await mkdir(join(link, '..'), { recursive: true })
          await rename(join(entry.parentPath, entry.name), target)
          await symlink(target, link)
        }
        await expectSame(await prepareOnnx(join(root, 'snapshot')), await prepareOnnx(fixture(name)))
      }
    })

    it('reads shards that lie in different folders', async () => {
      const folder = await copy('roberta')
      const elsewhere = join(folder, '..', 'elsewhere.safetensors')
      await rename(join(folder, 'model-00002-of-00002.safetensors'), elsewhere)
      await symlink(elsewhere, join(folder, 'model-00002-of-00002.safetensors'))
      await expectSame(await prepareOnnx(folder), await prepareOnnx(fixture('roberta')))
    })

    it('reads tensors at odd offsets', async () => {
      const folder = await copy('bert')
      const path = join(folder, 'model.safetensors')
      const bytes = await readFile(path)
      const length = Number(bytes.readBigUInt64LE())
      const padded = Buffer.concat([bytes.subarray(0, 8 + length), Buffer.from('   '), bytes.subarray(8 + length)])
      padded.writeBigUInt64LE(BigInt(length + 3))
      await writeFile(path, padded)
      await expectSame(await prepareOnnx(folder), await prepareOnnx(fixture('bert')))
    })

    it('writes nothing into the folder', async () => {
      const folder = await copy('bert')
      const before = await readdir(folder, { recursive: true })
      const encoder = await (await prepareOnnx(folder, { dtype: 'int8' })).open({ threads: 1 })
      await encoder.encode(TEXTS, 'query')
      await encoder.close()
      expect(await readdir(folder, { recursive: true })).toEqual(before)
    })
  })

  describe('refuses', () => {
    const refused = async (folder: string, options: OnnxOptions = {}) => {
      const error = await prepareOnnx(folder, options).then(
        () => null,
        (e: unknown) => e,
      )
      return error as { code?: string; message?: string; hint?: string } | null
    }

    it('a folder that is not there', async () => {
      expect(await refused('/nowhere/at/all')).toMatchObject({
        code: 'MODEL_MISSING',
        message: expect.stringContaining('/nowhere/at/all'),
      })
    })

    it('a folder without tokenizer, and says how to make one of the old form', async () => {
      const folder = await copy('bert')
      await rm(join(folder, 'tokenizer.json'))
      expect(await refused(folder)).toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('no tokenizer'),
      })
      await writeFile(join(folder, 'vocab.txt'), '[PAD]\n')
      expect(await refused(folder)).toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('old form only (vocab.txt)'),
        hint: expect.stringContaining('save_pretrained'),
      })
    })

    it('a folder without weights, or with pickled ones only', async () => {
      const folder = await copy('bert')
      await rename(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin'))
      expect(await refused(folder)).toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('neither model.safetensors nor an ONNX file'),
        hint: expect.stringContaining('never read'),
      })
    })

    it('weights that are cut off', async () => {
      const folder = await copy('bert')
      await truncate(join(folder, 'model.safetensors'), 50_000)
      expect(await refused(folder)).toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('is cut off'),
      })
    })

    it.each([
      ['no config.json', async (f: string) => rm(join(f, 'config.json')), /config\.json is not there/],
      [
        'a broken config.json',
        async (f: string) => writeFile(join(f, 'config.json'), '{"model_type": '),
        /config\.json is not JSON/,
      ],
      ['an architecture that is not built', edit((c) => (c.model_type = 'gemma')), /names the architecture "gemma"/],
      ['an activation that is not known', edit((c) => (c.hidden_act = 'xyz')), /activation "xyz"/],
      ['relative positions', edit((c) => (c.position_embedding_type = 'relative_key')), /relative_key/],
      [
        'a size that does not fit the weights',
        edit((c) => (c.intermediate_size = 99)),
        /has shape \[48,32\]; config.json asks for \[99,32\]/,
      ],
      ['more layers than weights', edit((c) => (c.num_hidden_layers = 3)), /no tensor encoder\.layer\.2\./],
      ['a size that is no number', edit((c) => (c.hidden_size = '32')), /"hidden_size" is "32"/],
    ])('%s', async (_, spoil, message) => {
      const folder = await copy('bert')
      await spoil(folder)
      expect(await refused(folder)).toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(message) })
    })

    it('a dense layer without weights', async () => {
      const folder = await copy('distilbert')
      await rm(join(folder, '2_Dense', 'model.safetensors'))
      expect(await refused(folder)).toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('2_Dense'),
      })
    })

    it('int8 of a shipped ONNX file, and a length beyond the positions', async () => {
      expect(await refused(fixture('shipped'), { dtype: 'int8' })).toMatchObject({ code: 'USAGE' })
      expect(await refused(fixture('roberta'), { parameters: { maxLength: 81 } })).toMatchObject({
        code: 'RECIPE_INVALID',
      })
      expect(await refused(fixture('roberta'), { parameters: { maxLength: 80 } })).toBeNull()
    })

    it('a signal that was given already', async () => {
      expect(await refused(fixture('bert'), { signal: AbortSignal.abort() })).toMatchObject({ code: 'CANCELLED' })
    })
  })
})

function edit(change: (config: Record<string, unknown>) => void): (folder: string) => Promise<void> {
  return (folder) => editJson(join(folder, 'config.json'), change)
}

describe('a running encoder', () => {
  it('refuses NaN and zero vectors, and names the text', async () => {
    const spoiled = await copy('bert')
    const vocabulary = (
      JSON.parse(await readFile(join(spoiled, 'tokenizer.json'), 'utf8')) as {
        model: { vocab: Record<string, number> }
      }
    ).model.vocab
    await overwrite(spoiled, 'embeddings.word_embeddings.weight', vocabulary['[MASK]']! * 32, [Number.NaN])
    const encoder = await (await prepareOnnx(spoiled)).open({ threads: 1 })
    await expect(encoder.encode(['fox', 'dog', 'the [MASK]', 'fox'], 'query')).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'Text 2 of 4 (counted from 0) got a vector with NaN in it.',
    })
    expect((await encoder.encode(['fox', 'dog'], 'query')).vectors.length).toBe(64)
    await encoder.close()

    const zero = await copy('bert')
    for (const name of ['weight', 'bias'])
      await overwrite(zero, `encoder.layer.1.output.LayerNorm.${name}`, 0, new Array<number>(32).fill(0))
    const empty = await (await prepareOnnx(zero)).open({ threads: 1 })
    await expect(empty.encode(['fox'], 'query')).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'Text 0 of 1 (counted from 0) got a vector of zeros only.',
    })
    await empty.close()
  })

  it('leaves the event loop free, and stops between batches when told', async () => {
    const encoder = await (await prepareOnnx(fixture('mpnet'))).open({ threads: 1 })
    const long = Array.from({ length: 3000 }, (_, i) => `${i} ${'word goes on and on '.repeat(60)}`)
    const abort = new AbortController()
    let ticks = 0
    const timer = setInterval(() => {
      if (++ticks === 10) abort.abort()
    }, 5)
    await expect(encoder.encode(long, 'document', { signal: abort.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    clearInterval(timer)
    expect(ticks).toBe(10)
    // The worker has let go of the work too: a small call is answered long before the large one could have ended.
    const start = performance.now()
    await encoder.encode(['fox'], 'query')
    expect(performance.now() - start).toBeLessThan(1000)
    await encoder.close()
  })

  it('answers calls made at once, in any order', async () => {
    const encoder = await (await prepareOnnx(fixture('bert'))).open({ threads: 1 })
    const all = await Promise.all(TEXTS.map((text) => encoder.encode([text], 'query')))
    const together = await encoder.encode(TEXTS, 'query')
    all.forEach((one, i) => {
      one.vectors.forEach((x, d) => {
        expect(x).toBeCloseTo(together.vectors[i * 32 + d]!, 6)
      })
    })
    await encoder.close()
  })

  it('cannot be used after it was closed, and closes twice', async () => {
    const encoder = await (await prepareOnnx(fixture('bert'))).open({ threads: 1 })
    await encoder.close()
    await encoder.close()
    await expect(encoder.encode(['fox'], 'query')).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'The encoder was closed.',
    })
  })

  it('refuses a number of threads that is none, and a signal given already', async () => {
    const prepared = await prepareOnnx(fixture('bert'))
    await expect(prepared.open({ threads: 0 })).rejects.toMatchObject({ code: 'USAGE' })
    await expect(prepared.open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('refuses vectors of another dimension than the files promise', async () => {
    const folder = await copy('shipped')
    await editJson(join(folder, 'config.json'), (config) => {
      config.hidden_size = 16
    })
    const encoder = await (await prepareOnnx(folder)).open({ threads: 1 })
    expect((await encoder.encode([], 'query')).dimension).toBe(16)
    await expect(encoder.encode(['fox'], 'query')).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining('gave vectors of 32 numbers; its files promise 16'),
    })
    await encoder.close()
  })

  it('tells of an ONNX file that is broken', async () => {
    const folder = await copy('shipped')
    await truncate(join(folder, 'onnx', 'model.onnx'), 5000)
    await expect((await prepareOnnx(folder)).open()).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining('onnxruntime'),
    })
  })
})
