import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runConformance } from '../src/engines/conformance/index.ts'
import { prepareOnnx } from '../src/engines/onnx/index.ts'
import { prepareTorch, type TorchOptions } from '../src/engines/torch/index.ts'
import { endIdle } from '../src/engines/torch/worker-pool.ts'
import { describeTransformers, pythonPath, runPython } from './support/python.ts'
import { writeTinyDecoder } from './support/tiny-gguf.ts'
import { askTorchModels, cosine, openTorch } from './support/torch.ts'

const SENTENCE = 'Zebrafish regenerate their heart muscle after an injury.'
// One is long: rotary frequencies in 16 bits would show there.
const TEXTS = [
  SENTENCE.repeat(8),
  'How do I sort a dict by its values?',
  SENTENCE,
  'a',
  ...Array.from({ length: 9 }, (_, i) => SENTENCE.slice(4 * i)),
]
const LAST: TorchOptions = { recipe: 'last-token', parameters: { eos: false, prompts: { query: '', document: '' } } }

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-torch-models-'))
})
afterAll(async () => {
  await endIdle()
  await rm(root, { recursive: true, force: true })
})

/** Ids that the model is given for the texts. */
async function idsOf(model: string, options: TorchOptions): Promise<number[][]> {
  const { preview } = await prepareTorch(model, { python: pythonPath, device: 'cpu', ...options })
  return Promise.all(
    TEXTS.map(async (text) => (await preview!(text, 'document', ''))[0]!.tokens.map((token) => token.id)),
  )
}

async function vectorsOf(model: string, options: TorchOptions): Promise<Float32Array[]> {
  const encoder = await openTorch(model, options)
  try {
    const { vectors, dimension } = await encoder.encode(TEXTS, 'document')
    return TEXTS.map((_, i) => vectors.subarray(i * dimension, (i + 1) * dimension))
  } finally {
    await encoder.close()
  }
}

describeTransformers('engine torch', () => {
  const model = (name: string) => join(root, 'models', name)
  const fixture = (name: string) => fileURLToPath(new URL(`fixtures/models/${name}`, import.meta.url))
  beforeAll(() => void runPython('tiny_models.py', [join(root, 'models')]), 120_000)

  describe('passes the conformance suite', { timeout: 120_000 }, () => {
    const cases: [string, string, TorchOptions][] = [
      ['qwen2, packed', 'qwen2', { recipe: 'last-token' }],
      ['gemma3, packed, mean', 'gemma3', { recipe: 'mean' }],
      ['llama, padded', 'llama', { recipe: 'last-token', packed: false }],
    ]
    const encoders = ['bert', 'roberta', 'mpnet', 'distilbert', 'xlm-roberta']
    it.each([
      ...cases.map(([what, name, options]) => [what, () => model(name), options] as const),
      ...encoders.map((name) => [name, () => fixture(name), {}] as const),
    ])('%s', async (_, folder, options) => {
      const encoder = await openTorch(folder(), { ...options, parameters: { maxLength: 64 } })
      try {
        const checks = await runConformance(encoder)
        expect(checks.filter(({ ok }) => !ok)).toEqual([])
        expect(checks.length).toBeGreaterThan(10)
      } finally {
        await encoder.close()
      }
    })
  })

  it.each(['bert', 'roberta', 'mpnet', 'distilbert', 'xlm-roberta', 'camembert'])(
    'and onnx give the same vectors of the encoder %s',
    { timeout: 60_000 },
    async (name) => {
      const onnx = await (await prepareOnnx(fixture(name))).open({ threads: 1 })
      const torch = await openTorch(fixture(name))
      try {
        const [a, b] = [await onnx.encode(TEXTS, 'document'), await torch.encode(TEXTS, 'document')]
        expect(b.tokens).toEqual(a.tokens)
        for (let i = 0; i < TEXTS.length; i++) {
          const row = ({ vectors, dimension }: typeof a) => vectors.subarray(i * dimension, (i + 1) * dimension)
          expect(cosine(row(a), row(b))).toBeGreaterThan(0.9999)
        }
      } finally {
        await onnx.close()
        await torch.close()
      }
    },
  )

  it('goes on with half of the tokens at a time where memory runs out', { timeout: 60_000 }, () => {
    const found = JSON.parse(runPython('torch_memory.py', [model('qwen2')])) as {
      same: number
      budgets: number[]
      single: { code: string; message: string; hint: string }
      full: { code: string; message: string; hint: string }
    }
    expect(found.same).toBeLessThan(1e-5)
    // The limit is 200; what was planned for less than twice as much may fit.
    expect(found.budgets.at(-1)).toBeLessThan(400)
    expect(found.budgets.at(-1)).toBeGreaterThan(50)
    expect(found.single).toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/Memory ran out on cpu for a single text of \d+ tokens/),
      hint: expect.stringContaining('maxLength'),
    })
    expect(found.full).toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/31\.0 GiB on cuda:0; 20\.0 of 80\.0 GiB are free \(60\.0 GiB are taken already/),
      hint: expect.stringContaining('cuda:1'),
    })
  })

  it('computes the same the way GPUs do: compiled, in packs of fixed sizes', { timeout: 240_000 }, () => {
    const names = ['qwen2', 'gemma3', 'mistral']
    const out = runPython('torch_compiled.py', names.map(model))
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { model: string; difference: number; sizes: number[] })
    expect(rows.map((row) => row.model)).toEqual(names.flatMap((name) => [name, name, name]))
    for (const { difference, sizes } of rows) {
      expect(difference).toBeLessThan(1e-4)
      expect(sizes.every((size) => [512, 1024, 2048].includes(size))).toBe(true)
    }
  })

  it('gives the same vectors with one worker and with two', { timeout: 60_000 }, async () => {
    const texts = Array.from({ length: 90 }, (_, i) => TEXTS[1 + (i % 2)]!.repeat(1 + (i % 5)))
    const encoded = async (copies: number) => {
      const encoder = await openTorch(model('qwen2'), { recipe: 'mean', batchTokens: 64, copies })
      try {
        return await encoder.encode(texts, 'document')
      } finally {
        await encoder.close()
      }
    }
    expect((await encoded(2)).vectors).toEqual((await encoded(1)).vectors)
  })

  describe('with adapters', { timeout: 60_000 }, () => {
    const adapter = (name: string) => join(root, 'adapters', name)
    beforeAll(() => {
      const make = (base: string, out: string, name: string, core = false) => ({
        make: 'adapter',
        base: model(base),
        base_name: name,
        out: adapter(out),
        core,
      })
      askTorchModels(
        [
          make('qwen2', 'whole', 'someone/qwen2'),
          make('llama', 'core', 'somewhere/else/llama', true),
          make('qwen3', 'other', 'someone/qwen3'),
          // The name of one base, the matrices of another.
          make('gemma3', 'shapes', 'someone/qwen2'),
        ],
        root,
      )
    }, 120_000)

    it.each([
      ['on the whole model', 'qwen2', 'whole', false],
      ['on the model without its head', 'llama', 'core', true],
    ] as const)('%s, merges to what PEFT computes', async (_, base, name, core) => {
      const ids = await idsOf(model(base), LAST)
      const [states] = askTorchModels(
        [{ states: 'adapter', base: model(base), adapter: adapter(name), core, ids }],
        root,
      ) as [number[][]]
      const options = { ...LAST, adapter: adapter(name) }
      const merged = await vectorsOf(model(base), options)
      for (const [i, state] of states.entries()) expect(cosine(merged[i]!, state)).toBeGreaterThan(0.99999)
      const plain = await vectorsOf(model(base), LAST)
      expect(cosine(merged[1]!, plain[1]!)).toBeLessThan(0.99)
      const identity = async (given: TorchOptions) =>
        (await prepareTorch(model(base), { python: pythonPath, device: 'cpu', ...given })).info.identity
      expect(await identity(options)).not.toEqual(await identity(LAST))
    })

    it('refuses one for another base, by name', async () => {
      await expect(openTorch(model('qwen2'), { ...LAST, adapter: adapter('other') })).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringMatching(/was made for someone\/qwen3, not for .*qwen2/),
      })
      // Two addresses are compared whole: Qwen2.5 and Qwen2.5-Coder take each other's adapters without a word.
      const given = { ...LAST, adapter: adapter('whole'), baseName: 'another/qwen2' }
      await expect(openTorch(model('llama'), given)).rejects.toMatchObject({
        message: expect.stringContaining('was made for someone/qwen2'),
      })
    })

    it('refuses one whose matrices do not fit, whatever its name', async () => {
      await expect(openTorch(model('qwen2'), { ...LAST, adapter: adapter('shapes') })).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringMatching(/made for another one/),
      })
    })

    it('refuses pickled weights and a folder without an adapter', async () => {
      await cp(adapter('whole'), adapter('pickled'), { recursive: true })
      await rm(join(adapter('pickled'), 'adapter_model.safetensors'))
      await writeFile(join(adapter('pickled'), 'adapter_model.bin'), 'pickle')
      await expect(openTorch(model('qwen2'), { ...LAST, adapter: adapter('pickled') })).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        hint: expect.stringContaining('never read'),
      })
      await expect(openTorch(model('qwen2'), { ...LAST, adapter: model('qwen2') })).rejects.toMatchObject({
        code: 'MODEL_MISSING',
      })
    })
  })

  describe('over files that are broken', { timeout: 60_000 }, () => {
    it('names a safetensors file that is cut short', async () => {
      await cp(model('qwen2'), model('cut'), { recursive: true })
      const file = join(model('cut'), 'model.safetensors')
      await truncate(file, (await readFile(file)).length - 100)
      await expect(openTorch(model('cut'), LAST)).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('cut off'),
      })
    })

    it('refuses weights that lack tensors of the model, which transformers would fill at random', async () => {
      await cp(model('qwen2'), model('deeper'), { recursive: true })
      const file = join(model('deeper'), 'config.json')
      const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, number | string[]>
      config.num_hidden_layers = 6
      delete config.layer_types
      await writeFile(file, JSON.stringify(config))
      await expect(openTorch(model('deeper'), LAST)).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringMatching(/lacks \d+ tensors/),
      })
    })

    it('refuses float16 where it is known to overflow, and pickled weights', async () => {
      await expect(openTorch(model('qwen2'), { ...LAST, dtype: 'float16' })).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('float16 overflows'),
        hint: expect.stringContaining('bfloat16'),
      })
      await cp(model('qwen2'), model('pickled'), { recursive: true })
      await rm(join(model('pickled'), 'model.safetensors'))
      await writeFile(join(model('pickled'), 'pytorch_model.bin'), 'pickle')
      await expect(openTorch(model('pickled'), LAST)).rejects.toMatchObject({
        hint: expect.stringContaining('never read'),
      })
    })
  })

  it.each(['qwen2', 'llama', 'gemma3'])(
    'computes %s in bfloat16 no further from float32 than transformers does',
    { timeout: 60_000 },
    async (name) => {
      const ids = await idsOf(model(name), LAST)
      const [exact, plain] = askTorchModels(
        ['float32', 'bfloat16'].map((dtype) => ({ states: 'plain', base: model(name), dtype, ids })),
        root,
      ) as [number[][], number[][]]
      const ours = await vectorsOf(model(name), { ...LAST, dtype: 'bfloat16' })
      const error = (found: readonly ArrayLike<number>[]) =>
        exact.reduce((sum, state, i) => sum + 1 - cosine(state, found[i]!), 0)
      expect(error(plain)).toBeGreaterThan(1e-7)
      // Of one size; which of the two is a little larger, chance decides.
      expect(error(ours)).toBeLessThan(1.5 * error(plain))
    },
  )
})

describeTransformers('engine torch with GGUF', () => {
  const options = () => ({ ...LAST, cache: join(root, 'gguf'), hashCache: join(root, 'hashes.json') })

  it('reads tokens and states as transformers does', { timeout: 120_000 }, async () => {
    const { gguf, folder } = await writeTinyDecoder(root, 'qwen2')
    const ids = await idsOf(gguf, options())
    const [tokens, states] = askTorchModels(
      [
        { tokens: 'gguf', file: gguf, texts: TEXTS },
        { states: 'gguf', file: gguf, ids },
      ],
      root,
    ) as [number[][], number[][]]
    expect(ids).toEqual(tokens)
    const vectors = await vectorsOf(gguf, options())
    for (const [i, state] of states.entries()) expect(cosine(vectors[i]!, state)).toBeGreaterThan(0.9999)
    // The checkpoint has the same weights.
    const same = await vectorsOf(folder, LAST)
    for (const [i, vector] of same.entries()) expect(cosine(vectors[i]!, vector)).toBeGreaterThan(0.9999)
  })

  it('names a file that is cut short, and one that is none', { timeout: 60_000 }, async () => {
    const { gguf } = await writeTinyDecoder(root, 'qwen2')
    const bytes = await readFile(gguf)
    const short = join(root, 'short.gguf')
    for (const length of [2000, bytes.length - 100]) {
      await writeFile(short, bytes.subarray(0, length))
      await expect(openTorch(short, options())).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('short.gguf is cut short'),
      })
    }
    const none = join(root, 'none.gguf')
    await writeFile(none, 'hello')
    await expect(openTorch(none, options())).rejects.toMatchObject({
      message: expect.stringContaining('no GGUF file'),
    })
  })
})
