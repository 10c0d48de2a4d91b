import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { describeSentenceTransformers, runPython } from '../../../test/support/python.ts'
import { cosine } from '../../../test/support/torch.ts'
import { type EncoderFlags, encoderSpec } from '../../cli/encoder-flags.ts'
import { Workspace } from '../../core/workspace.ts'
import { prepareOnnx } from '../../engines/onnx/index.ts'
import type { Recipe } from '../../recipes/types.ts'
import { writeMerged } from './merged.ts'
import { openExportModel } from './model.ts'
import { writeSentenceTransformers } from './sentence-transformers.ts'
import { type StModel, stLayout } from './st-layout.ts'
import { withEndToken } from './st-tokenizer.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/models/${name}`, import.meta.url))
const QUERIES = ['what mends a heart', 'dogs', `${'a long question '.repeat(20)}?`]
const DOCUMENTS = ['The heart of a zebrafish mends itself.', 'Dogs run.', 'winter '.repeat(200)]

async function vectorsOf(
  folder: string,
  recipe: string,
  parameters: object,
): Promise<{ queries: Float32Array[]; documents: Float32Array[] }> {
  const encoder = await (await prepareOnnx(folder, { recipe, parameters })).open({ threads: 1 })
  const rows = async (texts: string[], side: 'query' | 'document') => {
    const { vectors, dimension } = await encoder.encode(texts, side)
    return texts.map((_, i) => vectors.slice(i * dimension, (i + 1) * dimension))
  }
  try {
    return { queries: await rows(QUERIES, 'query'), documents: await rows(DOCUMENTS, 'document') }
  } finally {
    await encoder.close()
  }
}

function leastCosine(one: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): number {
  expect(one.length).toBe(other.length)
  return Math.min(...one.map((vector, i) => (vector.length === other[i]!.length ? cosine(vector, other[i]!) : -1)))
}

describeSentenceTransformers('the layout of sentence-transformers', () => {
  let models = ''
  beforeAll(() => {
    models = mkdtempSync(join(tmpdir(), 'fieldtrial-st-'))
    runPython('lora_merges.py', [models])
  }, 300_000)
  afterAll(() => rmSync(models, { recursive: true, force: true }))

  it('loads in sentence-transformers and gives the same vectors: adapters, prompts, ends, dense layers', async () => {
    const place = await temporaryFolder()
    const workspace = await Workspace.open(join(place, 'workspace'))
    const cases: { name: string; model: string; flags: EncoderFlags; task: string | null }[] = [
      {
        name: 'lora',
        model: join(models, 'base-float32'),
        flags: { adapter: join(models, 'lora', 'adapter'), engine: 'torch', recipe: 'last-token', maxLength: '40' },
        task: null,
      },
      {
        name: 'mean',
        model: join(models, 'base-float32'),
        flags: { recipe: 'mean', queryPrompt: 'Query: ', maxLength: '64' },
        task: null,
      },
      {
        name: 'instruct',
        model: join(models, 'base-float32'),
        flags: { recipe: 'instruct', layout: 'qwen3', maxLength: '48' },
        task: 'Given a question, find its answer',
      },
      { name: 'distilbert', model: fixture('distilbert'), flags: {}, task: null },
      { name: 'xlm-roberta', model: fixture('xlm-roberta'), flags: { documentPrompt: 'passage: ' }, task: null },
    ]
    const ours: Awaited<ReturnType<typeof vectorsOf>>[] = []
    const again: typeof ours = []
    const requests: object[] = []
    for (const { name, model, flags, task } of cases) {
      const opened = await openExportModel(await encoderSpec(model, flags), task, workspace, {})
      const folder = join(place, name)
      await writeSentenceTransformers(opened, folder, {})
      let whole = model
      if (opened.adapter !== null) {
        whole = join(place, `${name}-merged`)
        await writeMerged(opened.base, opened.adapter, whole)
      }
      const prompts = task === null ? {} : { prompts: { query: `Instruct: ${task}\nQuery:{text}` } }
      const { recipe, parameters } = (await encoderSpec(model, flags)).recipe
      ours.push(await vectorsOf(whole, recipe, { ...parameters, ...prompts }))
      again.push(await vectorsOf(folder, 'sentence-transformers', {}))
      requests.push({ folder, queries: QUERIES, documents: DOCUMENTS })
    }
    const request = join(place, 'request.json')
    writeFileSync(request, JSON.stringify(requests))
    const theirs = JSON.parse(runPython('st_vectors.py', [request])) as { queries: number[][]; documents: number[][] }[]
    for (const [i, { name }] of cases.entries())
      for (const side of ['queries', 'documents'] as const) {
        expect([name, side, leastCosine(ours[i]![side], theirs[i]![side])]).toEqual([name, side, expect.closeTo(1, 5)])
        expect([name, side, leastCosine(ours[i]![side], again[i]![side])]).toEqual([name, side, expect.closeTo(1, 5)])
      }
    // The adapter and the prompts have their part in it.
    const [lora, mean] = ours
    expect(leastCosine(lora!.queries, mean!.queries)).toBeLessThan(0.9)
    expect(leastCosine(ours[2]!.queries, ours[2]!.documents)).toBeLessThan(0.99)
  }, 300_000)
})

const RECIPE: Recipe = {
  id: 'some',
  source: 'a test',
  prompts: {
    query: [{ parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null }],
    document: [{ parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null }],
  },
  imagePrompts: null,
  contents: 'as-is',
  pooling: ['mean'],
  span: 'all',
  layer: null,
  finalNorm: null,
  attention: 'model',
  maxLength: { query: 64, document: 64 },
  lengthOf: 'prompt',
  sparse: null,
  generate: null,
  normalize: true,
  similarity: 'cosine',
}
const MODEL: StModel = { decoder: false, layers: 2, hidden: 32, around: { before: [], after: [] }, lowerCase: false }

describe('what sentence-transformers cannot do', () => {
  const refusal = (change: Partial<Recipe>, model: Partial<StModel> = {}) => {
    try {
      stLayout({ ...RECIPE, ...change }, [], { ...MODEL, ...model }, null)
      return 'taken'
    } catch (error) {
      return (error as Error).message
    }
  }
  const prompt = RECIPE.prompts.query[0]!

  it('is refused by name, all at once', () => {
    expect(refusal({})).toBe('taken')
    const decoder = { decoder: true, layers: 24 }
    expect(refusal({ layer: 24, finalNorm: true }, decoder)).toBe('taken')
    expect(refusal({ layer: 12, finalNorm: false, attention: 'bidirectional' }, decoder)).toMatch(
      /states of layer 12 of 24; states without the final norm; bidirectional attention/,
    )
    expect(refusal({ sparse: { terms: 10, fallbackTerms: 5, scale: 100 } })).toMatch(/its sparse half/)
    expect(refusal({ contents: 'sentence' })).toMatch(/texts that are changed/)
    const behind = { ...prompt, parts: [{ kind: 'contents' as const }, { kind: 'literal' as const, text: ' means' }] }
    expect(refusal({ prompts: { query: [behind], document: [behind] } })).toMatch(
      /a query prompt that goes on behind the text; a document/,
    )
    expect(refusal({ prompts: { query: [prompt, prompt], document: [prompt] } })).toMatch(/several prompts for a query/)
    const asked = { ...prompt, parts: [{ kind: 'task' as const }, { kind: 'contents' as const }] }
    expect(refusal({ prompts: { query: [asked], document: [prompt] } })).toMatch(
      /an instruction \(give one with --task\)/,
    )
  })

  it('is told where it is only nearly so', () => {
    const { notes, sentenceConfig } = stLayout({ ...RECIPE, maxLength: { query: 32, document: 156 } }, [], MODEL, null)
    expect(sentenceConfig.max_seq_length).toBe(156)
    expect(notes.join()).toMatch(/keeps 32 of queries and 156 of documents/)
  })

  it('nor can a tokenizer that ends texts in its own way, or has no such token', () => {
    const json = JSON.parse(readFileSync(join(fixture('roberta'), 'tokenizer.json'), 'utf8'))
    expect(() => withEndToken(json, {}, '<mask>', 'tokenizer.json')).toThrow(
      /RobertaProcessing, which ends texts in its own way/,
    )
    expect(() => withEndToken(json, {}, '<|nowhere|>', 'tokenizer.json')).toThrow(/has no token <\|nowhere\|>/)
  })
})
