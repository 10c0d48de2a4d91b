import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OnnxOptions } from '../src/engines/onnx/index.ts'
import type { Encoded, Encoder } from '../src/engines/types.ts'
import { RECIPES, type RecipeParameters } from '../src/recipes/index.ts'
import { builtEngines } from './support/built.ts'
import { describeTransformers, runPython } from './support/python.ts'
import { type Answers, atEdge, type Job, type Made, referenceVectors } from './support/recipe-vectors.ts'
import { describeWith, qwenPath } from './support/shared.ts'

/*
 * Vectors of every recipe against an independent implementation with plain transformers, one text at a time, float32
 * (test/reference/recipe_vectors.py).
 */

const SIDES = ['query', 'document'] as const
const SYSTEM = 'You are an AI assistant that can understand human language.'
const TASK = 'Given a web search query, retrieve relevant passages that answer the query'

const job = (key: string, parameters: RecipeParameters = {}): Job => ({ key, recipe: key.split(',')[0]!, parameters })

/** Chat prompts of tiny models are long, since their vocabularies are small: contents must leave room for them. */
const JOBS: readonly Job[] = [
  job('promptreps', { maxLength: 120, sparse: true }),
  job('promptreps, no system turn', { maxLength: 120, sparse: true, system: 'none' }),
  job('promptreps, a system turn', { maxLength: 120, sparse: true, system: SYSTEM }),
  job('promptreps, layer -4', { maxLength: 120, layer: -4 }),
  job('promptreps, three tokens', { maxLength: 24, system: 'none', generateTokens: 3, sparse: true }),
  job('last-token'),
  job('last-token, without EOS', { eos: false, prompts: { query: 'Query: ', document: 'Passage:' } }),
  job('mean'),
  job('weighted-mean'),
  job('prompteol'),
  job('metaeol'),
  job('echo'),
  job('instruct, qwen3', { layout: 'qwen3' }),
  job('instruct, gte', { layout: 'gte' }),
  job('instruct, bge-code', { layout: 'bge-code', maxLength: 96 }),
  job('llm2vec'),
  job('e5v', { system: 'none', maxLength: 90 }),
  job('vision-chat', { maxLength: 200 }),
  job('sentence-transformers'),
]

/** What is the same code for all models is tried on one: it begins texts with a token of its own, and its template trims them. */
const MORE: readonly Job[] = [
  job('promptreps, half the layers', { maxLength: 120, layer: 0.5 }),
  job('promptreps, layer -1', { maxLength: 120, layer: -1 }),
  job('promptreps, half the layers with the norm', { maxLength: 120, layer: 0.5, finalNorm: true, sparse: true }),
  job('promptreps, last layer without the norm', { maxLength: 120, finalNorm: false }),
  job('promptreps, three tokens of a layer', { maxLength: 24, layer: 2, generateTokens: 3 }),
  job('promptreps, other words', {
    maxLength: { query: 8, document: 120 },
    prompts: { query: 'Find {text} ({task}).', document: 'Name "{text}"!' },
  }),
  job('promptreps, mean', { maxLength: 120, pooling: 'mean' }),
  job('promptreps, longer than the context'),
  job('last-token, cut', { maxLength: { query: 12, document: 40 } }),
  job('mean, of a layer', { layer: 2, eos: true, maxLength: 48 }),
  job('weighted-mean, brackets', { prompts: { query: '[{text}]', document: '{{text}}' }, maxLength: 32 }),
  job('prompteol, cut', { maxLength: 48, layer: -2 }),
  job('echo, cut', { maxLength: { query: 9, document: 30 } }),
  job('echo, without EOS', { eos: false, maxLength: 30 }),
  job('echo, last token', { pooling: 'lasttoken', maxLength: 30 }),
  job('instruct, e5', { layout: 'e5' }),
  job('llm2vec, cut', { maxLength: 80, prompts: { query: '{task}: {text}', document: 'Represent: {text}' } }),
  job('llm2vec, causal', { attention: 'causal' }),
  job('e5v, default system turn'),
  job('vision-chat, dse', { layout: 'dse', maxLength: 100 }),
  job('vision-chat, qwen3-vl', { layout: 'qwen3-vl', maxLength: 200 }),
  job('sentence-transformers, mean', { pooling: 'mean', prompts: { query: 'query: ' }, maxLength: 64 }),
]
const MODELS: Readonly<Record<string, readonly Job[]>> = {
  qwen2: JOBS,
  qwen3: JOBS,
  llama: JOBS,
  mistral: JOBS,
  gemma3: [...JOBS, ...MORE],
}

const SENTENCE = 'Zebrafish regenerate their heart muscle after an injury; mammals do not. '
const TEXTS: readonly string[] = [
  'How do I sort a dict by its values?',
  'He said "stop". Is 3.5 enough?',
  // The same number of tokens, so that they share a batch.
  'XQ7 ZK9',
  'ZK9 XQ7',
  '\n  def search(query: str, k: int = 10):\n      # not <|im_end|>, nor </s>\n      return index.search(encode(query), k)[:k]\n\n',
  'Straße, naïve cafe\u0301, Ελληνικά, 漢字かな, смысл 😀👩‍🔬',
  // No words for the sparse half.
  'the of and',
  ' \n ',
  '',
  SENTENCE.repeat(30),
]

const { prepareOnnx } = await builtEngines()

/** How near the vectors came. */
interface Found {
  cosine: number
  /** Weights that lie at an edge of rounding and differ by one. */
  edges: number
  weights: number
}

function cosine(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length)
  let [ab, aa, bb] = [0, 0, 0]
  for (const [i, y] of b.entries()) {
    const x = a[i]!
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return ab / Math.sqrt(aa * bb)
}

function compare(got: Encoded, at: number, want: Made, what: string): Found {
  const { vectors, dimension, tokens, truncated, sparse } = got
  expect(tokens[at], `${what}: tokens`).toBe(want.tokens)
  expect(truncated[at], `${what}: cut`).toBe(Number(want.truncated))
  const found = {
    cosine: cosine(vectors.subarray(at * dimension, (at + 1) * dimension), want.vector),
    edges: 0,
    weights: 0,
  }
  expect(found.cosine, `${what}: cosine`).toBeGreaterThanOrEqual(0.9999)
  expect(sparse === undefined, `${what}: sparse half`).toBe(want.sparse === null)
  if (sparse === undefined) return found
  const [from, to] = [sparse.offsets[at]!, sparse.offsets[at + 1]!]
  const weights = new Map(Array.from(sparse.terms.subarray(from, to), (id, i) => [id, sparse.weights[from + i]!]))
  expect([...weights.keys()], `${what}: terms`).toEqual(want.sparse!.map(([id]) => id))
  for (const [id, weight, exact] of want.sparse!) {
    found.weights++
    if (weights.get(id) === weight) continue
    found.edges++
    expect(atEdge(exact), `${what}: weight of ${id}, ${exact}`).toBe(true)
    expect(Math.abs(weights.get(id)! - weight), `${what}: weight of ${id}`).toBe(1)
  }
  return found
}

async function withEncoder<T>(
  folder: string,
  { recipe, parameters }: Job,
  options: OnnxOptions,
  use: (e: Encoder) => T,
) {
  const encoder = await (await prepareOnnx(folder, { ...options, recipe, parameters })).open({ threads: 2 })
  try {
    return await use(encoder)
  } finally {
    await encoder.close()
  }
}

type Order = 'given' | 'reversed'

/** Encodes all texts at once, in each of the orders, and compares each with its reference. */
async function check(
  encoder: Encoder,
  texts: readonly string[],
  rows: Answers[string],
  orders: readonly Order[],
): Promise<Found> {
  const all: Found[] = []
  for (const side of SIDES) {
    const pairs = texts.map((text, i) => [text, rows[side][i]!] as const)
    for (const [text, row] of pairs)
      if ('refused' in row) await expect(encoder.encode([text], side, { task: TASK })).rejects.toThrow()
    const kept = pairs.flatMap(([text, row]) => ('refused' in row ? [] : [[text, row] as const]))
    for (const order of orders) {
      const ordered = order === 'given' ? kept : kept.toReversed()
      const got = await encoder.encode(
        ordered.map(([text]) => text),
        side,
        { task: TASK },
      )
      for (const [at, [text, row]] of ordered.entries())
        all.push(compare(got, at, row, `${side} ${JSON.stringify(text.slice(0, 20))}`))
    }
  }
  return {
    cosine: Math.min(...all.map((found) => found.cosine)),
    edges: all.reduce((sum, { edges }) => sum + edges, 0),
    weights: all.reduce((sum, { weights }) => sum + weights, 0),
  }
}

/** Of all weights that were compared, the share that may lie at an edge. */
const EDGES = 0.002

describe('the list of recipes', () => {
  it('leaves none out', () => {
    for (const jobs of [JOBS, REAL_JOBS])
      expect([...new Set(jobs.map(({ recipe }) => recipe))].sort()).toEqual(RECIPES.map(({ id }) => id).sort())
  })
})

describeTransformers('vectors of tiny models against transformers', () => {
  let root: string
  const references = new Map<string, Answers>()
  const found: Found[] = []
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'fieldtrial-vectors-'))
    runPython('tiny_models.py', [root])
    const models = Object.entries(MODELS)
    const requests = models.map(([name, jobs]) => ({ model: join(root, name), jobs, texts: TEXTS, task: TASK }))
    for (const [i, answers] of referenceVectors(requests, root).entries()) references.set(models[i]![0], answers)
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  describe.each(Object.entries(MODELS))('%s', (name, jobs) => {
    it.each(jobs)('$key', async (one) => {
      const rows = references.get(name)![one.key]!
      // What cannot be followed with any text (a layout that ends with a token that the model does not have) is refused before it is loaded.
      if (Object.values(rows).every((side) => side.every((row) => 'refused' in row))) {
        await expect(withEncoder(join(root, name), one, {}, () => Promise.resolve())).rejects.toMatchObject({
          code: 'RECIPE_INVALID',
        })
        return
      }
      found.push(
        await withEncoder(join(root, name), one, {}, (encoder) => check(encoder, TEXTS, rows, ['given', 'reversed'])),
      )
    })
  })

  it('round alike, but for a few that lie at an edge', () => {
    const sum = (of: (one: Found) => number) => found.reduce((total, one) => total + of(one), 0)
    expect(sum(({ weights }) => weights)).toBeGreaterThan(1000)
    expect(sum(({ edges }) => edges)).toBeLessThan(EDGES * sum(({ weights }) => weights))
  })
})

/** On the real model each recipe once: it is loaded for each anew. */
const REAL_JOBS: readonly Job[] = [
  job('promptreps', { sparse: true }),
  job('promptreps, three tokens', { system: SYSTEM, layer: -4, maxLength: 8, generateTokens: 3, sparse: true }),
  job('last-token'),
  job('mean', { layer: 0.5 }),
  job('weighted-mean'),
  job('prompteol', { maxLength: 24 }),
  job('metaeol'),
  job('echo'),
  job('instruct', { layout: 'qwen3' }),
  job('llm2vec'),
  job('e5v'),
  job('vision-chat'),
  job('sentence-transformers'),
]
const REAL_TEXTS = ['how do I sort a dict by its values', 'Straße, naïve cafe\u0301, 漢字 😀: “3.5 enough?”']

describeTransformers('vectors of a real model against transformers', () => {
  describeWith('Qwen2.5-Coder-0.5B-Instruct', [qwenPath], () => {
    let root: string
    let answers: Answers
    beforeAll(() => {
      root = mkdtempSync(join(tmpdir(), 'fieldtrial-vectors-'))
      answers = referenceVectors([{ model: qwenPath, jobs: REAL_JOBS, texts: REAL_TEXTS, task: TASK }], root)[0]!
    }, 240_000)
    afterAll(() => rmSync(root, { recursive: true, force: true }))

    it.each(REAL_JOBS)('$key', { timeout: 120_000 }, async (one) => {
      const options = { hashCache: join(root, 'hashes.json') }
      await withEncoder(qwenPath, one, options, (encoder) => check(encoder, REAL_TEXTS, answers[one.key]!, ['given']))
    })
  })
})
