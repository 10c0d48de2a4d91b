import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OnnxOptions, prepareOnnx } from '../src/engines/onnx/index.ts'
import type { Encoded, Encoder } from '../src/engines/types.ts'
import { RECIPES, type RecipeParameters, type Side } from '../src/recipes/index.ts'
import { ABBREVIATIONS, LOWER_CASE_STARTERS, STOP_WORDS } from '../src/recipes/words/english.ts'
import { describeTransformers, hasTransformers, pythonPath, runPython } from './support/python.ts'
import { describeWith, qwenPath } from './support/shared.ts'

/*
 * Vectors of every recipe against an independent implementation with plain transformers, one text at a time, float32
 * (test/reference/recipe_vectors.py).
 */

const SIDES = ['query', 'document'] as const
const SYSTEM = 'You are an AI assistant that can understand human language.'
const TASK = 'Given a web search query, retrieve relevant passages that answer the query'

interface Job {
  readonly key: string
  readonly recipe: string
  readonly parameters: RecipeParameters
}
const job = (key: string, parameters: RecipeParameters = {}): Job => ({ key, recipe: key.split(',')[0]!, parameters })

/** Chat prompts of tiny models are long, since their vocabularies are small: contents must leave room for them. */
const JOBS: readonly Job[] = [
  job('promptreps', { maxLength: 120, sparse: true }),
  job('promptreps, no system turn', { maxLength: 120, sparse: true, system: 'none' }),
  job('promptreps, a system turn', { maxLength: 120, sparse: true, system: SYSTEM }),
  job('promptreps, layer -4', { maxLength: 120, layer: -4 }),
  job('promptreps, half the layers', { maxLength: 120, layer: 0.5 }),
  job('promptreps, three tokens', { maxLength: 24, system: 'none', generateTokens: 3, sparse: true }),
  job('last-token'),
  job('last-token, without EOS', { eos: false, prompts: { query: 'Query: ', document: 'Passage:' } }),
  job('mean'),
  job('weighted-mean'),
  job('prompteol'),
  job('metaeol'),
  job('echo'),
  job('instruct, e5', { layout: 'e5' }),
  job('instruct, qwen3', { layout: 'qwen3' }),
  job('instruct, gte', { layout: 'gte' }),
  job('instruct, bge-code', { layout: 'bge-code', maxLength: 96 }),
  job('llm2vec'),
  job('e5v', { system: 'none', maxLength: 90 }),
  job('vision-chat', { maxLength: 200 }),
  job('sentence-transformers'),
]

/** What is the same code for all models is tried on two of them: with and without a token before the text. */
const MORE: readonly Job[] = [
  job('promptreps, layer -1', { maxLength: 120, layer: -1 }),
  job('promptreps, half the layers with the norm', { maxLength: 120, layer: 0.5, finalNorm: true, sparse: true }),
  job('promptreps, last layer without the norm', { maxLength: 120, finalNorm: false }),
  job('promptreps, three tokens of a layer', { maxLength: 24, layer: 2, generateTokens: 3 }),
  job('promptreps, other words', {
    maxLength: { query: 8, document: 120 },
    prompts: { query: 'Find {text} ({task}).', document: 'Name "{text}"!' },
  }),
  job('promptreps, mean', { maxLength: 120, pooling: 'mean' }),
  job('last-token, cut', { maxLength: { query: 12, document: 40 } }),
  job('mean, of a layer', { layer: 2, eos: true, maxLength: 48 }),
  job('weighted-mean, brackets', { prompts: { query: '[{text}]', document: '{{text}}' }, maxLength: 32 }),
  job('prompteol, cut', { maxLength: 48, layer: -2 }),
  job('echo, cut', { maxLength: { query: 9, document: 30 } }),
  job('echo, without EOS', { eos: false, maxLength: 30 }),
  job('echo, last token', { pooling: 'lasttoken', maxLength: 30 }),
  job('llm2vec, cut', { maxLength: 80, prompts: { query: '{task}: {text}', document: 'Represent: {text}' } }),
  job('llm2vec, causal', { attention: 'causal' }),
  job('e5v, default system turn'),
  job('vision-chat, dse', { layout: 'dse', maxLength: 100 }),
  job('vision-chat, qwen3-vl', { layout: 'qwen3-vl', maxLength: 200 }),
  job('sentence-transformers, mean', { pooling: 'mean', prompts: { query: 'query: ' }, maxLength: 64 }),
]
const MODELS: Readonly<Record<string, readonly Job[]>> = {
  qwen2: [...JOBS, ...MORE],
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

type Row =
  | { readonly refused: string }
  | {
      readonly vector: readonly number[]
      readonly tokens: number
      readonly truncated: boolean
      /** Token id, weight, and the weight before it was rounded. */
      readonly sparse: readonly (readonly [id: number, weight: number, exact: number])[] | null
    }
type Answers = Readonly<Record<string, Readonly<Record<Side, readonly Row[]>>>>

const words = { abbreviations: [...ABBREVIATIONS], starters: [...LOWER_CASE_STARTERS], stop: [...STOP_WORDS] }

/** What transformers gives for models, by the names of their folders. */
function reference(
  models: readonly (readonly [folder: string, jobs: readonly Job[]])[],
  texts: readonly string[],
  scratch: string,
): Map<string, Answers> {
  const requests = models.map(([model, jobs]) => {
    return { model, task: TASK, texts, words, jobs, out: join(scratch, `${basename(model)}.json`) }
  })
  writeFileSync(join(scratch, 'request.json'), JSON.stringify(requests))
  runPython('recipe_vectors.py', [join(scratch, 'request.json')])
  return new Map(
    requests.map(({ model, out }) => [basename(model), JSON.parse(readFileSync(out, 'utf8')) as Answers] as const),
  )
}

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

function compare(got: Encoded, at: number, want: Exclude<Row, { refused: string }>, what: string): Found {
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
    // Halfway between two whole numbers, as far as float32 can tell.
    expect(Math.abs((Math.abs(exact) % 1) - 0.5), `${what}: weight of ${id}`).toBeLessThan(2e-3)
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

/** Encodes all texts at once, then in reverse order, and compares each with its reference. */
async function check(encoder: Encoder, texts: readonly string[], rows: Answers[string]): Promise<Found> {
  const all: Found[] = []
  for (const side of SIDES) {
    const pairs = texts.map((text, i) => [text, rows[side][i]!] as const)
    for (const [text, row] of pairs)
      if ('refused' in row) await expect(encoder.encode([text], side, { task: TASK })).rejects.toThrow()
    const kept = pairs.flatMap(([text, row]) => ('refused' in row ? [] : [[text, row] as const]))
    for (const order of [kept, kept.toReversed()]) {
      const got = await encoder.encode(
        order.map(([text]) => text),
        side,
        { task: TASK },
      )
      for (const [at, [text, row]] of order.entries())
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
  let references: Map<string, Answers>
  const found: Found[] = []
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'fieldtrial-vectors-'))
    runPython('tiny_models.py', [root])
    const models = Object.entries(MODELS).map(([name, jobs]) => [join(root, name), jobs] as const)
    references = reference(models, TEXTS, root)
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  describe.each(Object.entries(MODELS))('%s', (name, jobs) => {
    it.each(jobs)('$key', async (one) => {
      const rows = references.get(name)![one.key]!
      const nearest = await withEncoder(join(root, name), one, {}, (encoder) => check(encoder, TEXTS, rows))
      found.push(nearest)
      appendFileSync('/tmp/figR.txt', ['FIGURE', name, one.key, nearest.cosine, nearest.edges, nearest.weights].join('\t') + '\n')
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
  job('promptreps, layer -4, no system turn', { system: 'none', layer: -4, maxLength: 16 }),
  job('promptreps, three tokens', { system: SYSTEM, generateTokens: 3, sparse: true }),
  job('last-token'),
  job('mean', { layer: 0.5 }),
  job('weighted-mean'),
  job('prompteol', { maxLength: 32 }),
  job('metaeol'),
  job('echo'),
  job('instruct, qwen3', { layout: 'qwen3' }),
  job('instruct, gte', { layout: 'gte' }),
  job('llm2vec'),
  job('e5v'),
  job('vision-chat'),
  job('sentence-transformers'),
]
const REAL_TEXTS = [
  'how do I sort a dict by its values',
  'def search(query: str, k: int = 10):\n    return index.search(encode(query), k)[:k]',
  'Straße, naïve cafe\u0301, 漢字かな 😀: “Is 3.5 enough?”',
]

describeWith(
  'vectors of a real model against transformers',
  hasTransformers() ? [qwenPath] : [qwenPath, pythonPath],
  () => {
    let root: string
    let answers: Answers
    beforeAll(() => {
      root = mkdtempSync(join(tmpdir(), 'fieldtrial-vectors-'))
      answers = reference([[qwenPath, REAL_JOBS]], REAL_TEXTS, root).get(basename(qwenPath))!
    }, 240_000)
    afterAll(() => rmSync(root, { recursive: true, force: true }))

    it.each(REAL_JOBS)(
      '$key',
      async (one) => {
        const options = { hashCache: join(root, 'hashes.json') }
        const nearest = await withEncoder(qwenPath, one, options, (encoder) =>
          check(encoder, REAL_TEXTS, answers[one.key]!),
        )
        appendFileSync('/tmp/figR.txt', ['FIGURE', 'real', one.key, nearest.cosine, nearest.edges, nearest.weights].join('\t') + '\n')
      },
      60_000,
    )
  },
)
