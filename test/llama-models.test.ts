import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FieldtrialError } from '../src/core/errors.ts'
import { runConformance } from '../src/engines/conformance/index.ts'
import { type LlamaOptions, prepareLlama } from '../src/engines/llama/index.ts'
import { prepareOnnx } from '../src/engines/onnx/index.ts'
import type { Encoded, Encoder } from '../src/engines/types.ts'
import { RECIPES } from '../src/recipes/index.ts'
import { NOT_BY_LLAMA } from '../src/recipes/reference.ts'
import { writeGguf } from './support/gguf.ts'
import { JOBS, TASK, TEXTS } from './support/recipe-jobs.ts'
import { type TinyDecoder, type TinyFamily, writeTinyDecoder, writeTinyEncoder } from './support/tiny-gguf.ts'
import { cosine, isAlive } from './support/torch.ts'

/*
 * Engine llama against engine onnx, which is compared with plain transformers elsewhere (test/recipe-vectors.test.ts): the same random weights
 * as a GGUF file and as a checkpoint. No Python and no download.
 */

let root: string
let qwen2: TinyDecoder
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'fieldtrial-llama-'))
  qwen2 = await writeTinyDecoder(root, 'qwen2')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The decoder under an architecture's name that nobody knows. */
async function writeUnknown(): Promise<string> {
  const file = join(root, 'unknown.gguf')
  const bytes = await readFile(qwen2.gguf, 'latin1')
  const renamed = bytes.replaceAll('qwen2.', 'kwen2.')
  await writeFile(file, renamed.replace('\x05\0\0\0\0\0\0\0qwen2', '\x05\0\0\0\0\0\0\0kwen2'), 'latin1')
  return file
}

async function openLlama(gguf: string, options: LlamaOptions = {}): Promise<Encoder> {
  return (await prepareLlama(gguf, { device: 'cpu', ...options })).open({ threads: 1 })
}

/** Vectors of texts as queries and as documents. */
async function encodedBy(opening: Promise<Encoder>, texts = TEXTS): Promise<[Encoded, Encoded]> {
  const encoder = await opening
  try {
    return [
      await encoder.encode(texts, 'query', { task: TASK }),
      await encoder.encode(texts, 'document', { task: TASK }),
    ]
  } finally {
    await encoder.close()
  }
}

/** The lowest cosine between two sets of vectors; tokens and cuts must be equal. */
function leastCosine(some: readonly Encoded[], others: readonly Encoded[]): number {
  const row = ({ vectors, dimension }: Encoded, i: number) => vectors.subarray(i * dimension, (i + 1) * dimension)
  const cosines = some.flatMap((a, side) => {
    const b = others[side]!
    expect(a.tokens).toEqual(b.tokens)
    expect(a.truncated).toEqual(b.truncated)
    return Array.from(a.tokens, (_, i) => cosine(row(a, i), row(b, i)))
  })
  return Math.min(...cosines)
}

/** The lowest cosine between both engines' vectors. */
async function difference(
  { gguf, folder }: TinyDecoder,
  recipe: string,
  parameters: NonNullable<LlamaOptions['parameters']>,
): Promise<number> {
  const onnx = prepareOnnx(folder, { recipe, parameters }).then((prepared) => prepared.open({ threads: 1 }))
  return leastCosine(await encodedBy(openLlama(gguf, { recipe, parameters })), await encodedBy(onnx))
}

const SERVED = [
  'promptreps, no system turn',
  'last-token',
  'last-token, without EOS',
  'mean',
  'prompteol',
  'metaeol',
  'instruct, qwen3',
  'instruct, bge-code',
  'instruct, gte',
  'e5v',
  'vision-chat',
  'sentence-transformers',
]

describe('engine llama', { timeout: 60_000 }, () => {
  /** Without the sparse half, which has its own refusal. */
  const jobs = JOBS.map(({ key, recipe, parameters: { sparse: _, ...parameters } }) => ({ key, recipe, parameters }))

  it.each(jobs)('serves $key as engine onnx does, or refuses it by name', async ({ key, recipe, parameters }) => {
    if (SERVED.includes(key) || (key.startsWith('promptreps') && !/layer|three/.test(key))) {
      expect(await difference(qwen2, recipe, parameters)).toBeGreaterThan(0.9999)
      return
    }
    await expect(prepareLlama(qwen2.gguf, { device: 'cpu', recipe, parameters })).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: expect.stringContaining(`cannot follow the recipe ${recipe}`),
      hint: expect.stringContaining('engine: torch'),
    })
  })

  it.each<[string, string, NonNullable<LlamaOptions['parameters']>, string]>([
    ['a layer', 'last-token', { layer: 2 }, 'states of layer 2 of 3'],
    ['states before the norm', 'last-token', { finalNorm: false }, 'states before the final norm'],
    ['a sparse half', 'promptreps', { sparse: true }, 'a sparse half'],
    ['decoded tokens', 'promptreps', { generateTokens: 2 }, 'states of decoded tokens'],
    ['weights by position', 'weighted-mean', {}, 'pooling by weightedmean'],
    ['a part of the prompt', 'echo', {}, 'pooling over a part of the prompt (from-contents)'],
    ['two poolings', 'mean', { pooling: ['mean', 'max'] }, 'several poolings side by side (mean, max)'],
    ['several at once', 'echo', { layer: 1, attention: 'bidirectional' }, ', nor '],
  ])('says why it cannot give %s', async (_, recipe, parameters, why) => {
    await expect(prepareLlama(qwen2.gguf, { device: 'cpu', recipe, parameters })).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: expect.stringContaining(why),
    })
  })

  it('says why it cannot turn the attention of an architecture that it does not know', async () => {
    const file = await writeUnknown()
    const options = { recipe: 'mean', parameters: { attention: 'bidirectional' } } as const
    await expect(prepareLlama(file, { device: 'cpu', ...options })).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      message: expect.stringContaining('attention in both directions on a causal model of the architecture kwen2'),
    })
  })

  it.each(RECIPES.map(({ id }) => id))('serves %s, or not, as the page of recipes says', async (recipe) => {
    const prepared = prepareLlama(qwen2.gguf, { device: 'cpu', recipe })
    const served = await prepared.then(
      () => true,
      (error: FieldtrialError) => (error.code === 'RECIPE_INVALID' ? false : Promise.reject(error)),
    )
    expect(served).toBe(!NOT_BY_LLAMA[recipe]?.startsWith('not served'))
  })

  it.each<[TinyFamily, string]>([
    ['qwen3', 'last-token'],
    ['llama', 'prompteol'],
    ['llama', 'mean'],
  ])('gives the vectors of %s by %s', async (family, recipe) => {
    const parameters = recipe === 'last-token' ? { eos: false } : {}
    expect(await difference(await writeTinyDecoder(root, family), recipe, parameters)).toBeGreaterThan(0.9999)
  })

  it('makes of a checkpoint with SentencePiece’s tokenizer what the given file holds', async () => {
    const { folder, gguf } = await writeTinyDecoder(root, 'llama')
    const options = { recipe: 'mean', convertedCache: join(root, 'converted') }
    const [given, made] = [
      await encodedBy(openLlama(gguf, { recipe: 'mean' })),
      await encodedBy(openLlama(folder, options)),
    ]
    expect(leastCosine(given, made)).toBeGreaterThan(0.999999)
  })

  it.each([
    ['bert', 'mean', 1],
    ['bert', 'cls', 2],
    ['xlm-roberta', 'cls', 2],
  ] as const)('pools the encoder %s by %s, as the file says', async (name, pooling, type) => {
    const model = await writeTinyEncoder(root, name, type)
    const options = { recipe: 'mean', parameters: { pooling, maxLength: 64 } }
    // Of blanks at an end SentencePiece makes less than transformers' class of XLM-RoBERTa does.
    const texts = TEXTS.filter((text) => !/\s\s|\s$/.test(text))
    const own = await encodedBy(openLlama(model.gguf), texts)
    const given = await encodedBy(openLlama(model.gguf, options), texts)
    const onnx = prepareOnnx(model.folder, options).then((prepared) => prepared.open({ threads: 1 }))
    expect(leastCosine(given, await encodedBy(onnx, texts))).toBeGreaterThan(0.9999)
    // The first text is cut by neither.
    const first = ([, { vectors, dimension }]: readonly [Encoded, Encoded]) => vectors.subarray(0, dimension)
    expect(cosine(first(own), first(given))).toBeGreaterThan(0.9999)
  })

  describe('passes the conformance suite', () => {
    it.each<[string, () => Promise<string>, LlamaOptions]>([
      ['last token', async () => qwen2.gguf, { recipe: 'last-token' }],
      ['mean', async () => qwen2.gguf, { recipe: 'mean' }],
      ['encoder', async () => (await writeTinyEncoder(root, 'bert', 1)).gguf, {}],
    ])('%s', async (_, file, options) => {
      const encoder = await openLlama(await file(), { ...options, parameters: { maxLength: 64 } })
      try {
        const checks = await runConformance(encoder)
        expect(checks.filter(({ ok }) => !ok)).toEqual([])
        expect(checks.length).toBeGreaterThan(10)
      } finally {
        await encoder.close()
      }
    })
  })

  it('has an identity of the file, the versions, and the recipe', async () => {
    const identity = async (options: LlamaOptions) =>
      (await prepareLlama(qwen2.gguf, { device: 'cpu', ...options })).info.identity
    const one = await identity({ recipe: 'mean' })
    expect(one).toMatchObject({
      engine: 'llama',
      nodeLlamaCpp: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      llamaCpp: expect.any(String),
      device: 'cpu',
      weights: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    })
    expect(await identity({ recipe: 'mean' })).toEqual(one)
    expect(await identity({ recipe: 'mean', parameters: { maxLength: 64 } })).not.toEqual(one)
  })
})

describe('engine llama when things go wrong', { timeout: 60_000 }, () => {
  /** Processes that run llama.cpp for this one. */
  const children = (): number[] => {
    try {
      const found = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'llama/llama-worker'], { encoding: 'utf8' })
      return found.trim().split('\n').map(Number)
    } catch {
      return []
    }
  }
  const LAST: LlamaOptions = { recipe: 'last-token', parameters: { maxLength: 64 } }
  const many = Array.from({ length: 200 }, (_, i) => `text number ${i} ${'of some length '.repeat(i % 7)}`)

  it('names a file that is cut short, and one that is none', async () => {
    const short = join(root, 'short.gguf')
    const bytes = await readFile(qwen2.gguf)
    await writeFile(short, bytes)
    await truncate(short, bytes.length - 100)
    await expect(openLlama(short, LAST)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/short\.gguf is cut short/),
    })
    const none = join(root, 'none.gguf')
    await writeFile(none, 'hello')
    await expect(openLlama(none, LAST)).rejects.toMatchObject({ message: expect.stringContaining('no GGUF file') })
  })

  it('says what llama.cpp says of an architecture that it does not know, and of weights that lack a tensor', async () => {
    await expect(openLlama(await writeUnknown(), LAST)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/unknown\.gguf.*kwen2/s),
    })
    const lacking = join(root, 'lacking.gguf')
    const bytes = await readFile(qwen2.gguf, 'latin1')
    await writeFile(lacking, bytes.replace('blk.1.ffn_up.weight', 'blk.1.ffn_xx.weight'), 'latin1')
    await expect(openLlama(lacking, LAST)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/lacking\.gguf.*ffn_up/s),
    })
    expect(children()).toEqual([])
  })

  it('refuses adapters, parts of other models and rerankers', async () => {
    const file = (name: string, metadata: Parameters<typeof writeGguf>[1]) => writeGguf(join(root, name), metadata)
    const adapter = await file('adapter.gguf', { 'general.type': 'adapter', 'general.architecture': 'qwen2' })
    await expect(prepareLlama(adapter)).rejects.toThrow(/is an adapter for another model/)
    await expect(prepareLlama(await file('clip.gguf', { 'general.architecture': 'clip' }))).rejects.toThrow(
      /image part/,
    )
    await expect(prepareLlama(await file('bare.gguf', { 'general.architecture': 'qwen2' }))).rejects.toThrow(
      /qwen2\.block_count is not there/,
    )
    await expect(prepareLlama((await writeTinyEncoder(root, 'bert', 4)).gguf)).rejects.toThrow(/is a reranker/)
  })

  it('starts a process that was killed anew, and does its work again', async () => {
    const encoder = await openLlama(qwen2.gguf, LAST)
    const [victim] = children()
    const whole = await encoder.encode(many, 'document')
    const work = encoder.encode(many, 'document')
    await sleep(50)
    process.kill(victim!, 'SIGKILL')
    expect((await work).vectors).toEqual(whole.vectors)
    const [next] = children()
    expect(next).not.toBe(victim)
    await encoder.close()
    expect(isAlive(next!)).toBe(false)
  })

  it('starts one that was killed while it loaded the model anew, once', async () => {
    const prepared = await prepareLlama(qwen2.gguf, { device: 'cpu', ...LAST })
    /** Opens it, and kills its processes as they come, so many at most. */
    const openWithKills = async (most: number) => {
      let over = false
      const killed = new Set<number>()
      const opened = prepared.open().finally(() => {
        over = true
      })
      opened.catch(() => undefined)
      while (!over) {
        for (const pid of children().filter((one) => killed.size < most && !killed.has(one))) {
          killed.add(pid)
          process.kill(pid, 'SIGKILL')
        }
        await sleep(10)
      }
      return { opened, killed }
    }
    const once = await openWithKills(1)
    const encoder = await once.opened
    expect(once.killed.size).toBe(1)
    expect((await encoder.encode(['a'], 'document')).vectors.length).toBe(64)
    await encoder.close()
    const always = await openWithKills(99)
    await expect(always.opened).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/not loaded, 2 times in a row\. The process of llama\.cpp was killed/),
    })
    expect(always.killed.size).toBe(2)
    expect(children()).toEqual([])
  })

  it('stops when it is told to, and leaves no process behind', async () => {
    const encoder = await openLlama(qwen2.gguf, LAST)
    const abort = new AbortController()
    const work = encoder.encode(many, 'document', { signal: abort.signal })
    await sleep(30)
    abort.abort()
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await encoder.encode(['a'], 'document')).vectors.length).toBe(64)
    await encoder.close()
    await expect(encoder.encode(['a'], 'document')).rejects.toThrow(/closed/)
    const signal = AbortSignal.timeout(100)
    const prepared = await prepareLlama(qwen2.gguf, { device: 'cpu', ...LAST })
    await expect(prepared.open({ signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(children()).toEqual([])
  })

  it('has no build for a device that is not installed', async () => {
    const device = process.platform === 'darwin' ? 'cuda' : 'metal'
    await expect(prepareLlama(qwen2.gguf, { ...LAST, device })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining(`the device ${device}`),
      hint: expect.stringContaining('device: cpu'),
    })
  })
})
