import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { studyFixture } from '../../../test/support/study-fixture.ts'
import { findDataset } from '../../data/registry/index.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { CollectionResult, RetrieverResult, StudyResults } from '../../study/results.ts'
import { mtebExport } from './export.ts'
import { mtebFolder } from './model.ts'

const { results: fixture } = studyFixture({
  collections: ['scifact', 'go', 'java', 'own'],
  retrievers: [{ id: 'bm25', kind: 'bm25', skill: 0.5 }],
  measures: ['nDCG@10', 'R@100', 'AP'],
})

const as = (collection: CollectionResult, id: string, change: Partial<CollectionResult> = {}): CollectionResult => {
  const { documents, queries, removeSelf } = findDataset(id)!
  return {
    ...collection,
    documents: documents!,
    queries: queries!,
    removeSelf,
    findings: [],
    known: { dataset: id, by: 'name', content: 'unchecked' },
    ...change,
  }
}

const [scifact, go, java, own] = fixture.collections as [
  CollectionResult,
  CollectionResult,
  CollectionResult,
  CollectionResult,
]
const results: StudyResults = {
  ...fixture,
  collections: [
    as(scifact, 'beir/scifact'),
    as(go, 'coir/codesearchnet-ccr-go'),
    as(java, 'coir/codesearchnet-ccr-java', { titleRule: 'text alone' }),
    { ...own, known: null },
  ],
}

interface TaskFile {
  readonly task_name: string
  readonly dataset_revision: string
  readonly scores: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
}

const file = (files: readonly { path: string; content: unknown }[], name: string) =>
  files.find(({ path }) => path.endsWith(`/${name}`))?.content as TaskFile | undefined

describe('export to MTEB’s layout', () => {
  it('files what MTEB measures too, and says why the rest is left out', async () => {
    const { files, left } = await mtebExport(await temporaryFolder(), results)
    expect(files.map(({ path }) => path)).toEqual([
      'results/fieldtrial__bm25/0.1.0/model_meta.json',
      'results/fieldtrial__bm25/0.1.0/SciFact.json',
      'results/fieldtrial__bm25/0.1.0/CodeSearchNetCCRetrieval.json',
    ])
    const mean = results.trials.find((t) => t.collection === 'scifact')!.mean
    expect(file(files, 'SciFact.json')).toEqual({
      dataset_revision: 'd56462d0e63a25450459c4f213e49ffdb866f7f9',
      task_name: 'SciFact',
      mteb_version: null,
      scores: {
        test: [
          {
            ndcg_at_10: Number(mean['nDCG@10']!.toFixed(5)),
            recall_at_100: Number(mean['R@100']!.toFixed(5)),
            main_score: Number(mean['nDCG@10']!.toFixed(5)),
            hf_subset: 'default',
            languages: ['eng-Latn'],
          },
        ],
      },
      evaluation_time: expect.any(Number) as number,
      kg_co2_emissions: null,
      date: Date.parse(results.finishedAt) / 1000,
    })
    expect(file(files, 'CodeSearchNetCCRetrieval.json')!.scores.test!.map((s) => [s.hf_subset, s.languages])).toEqual([
      ['go', ['go-Code']],
    ])
    expect(left).toEqual([
      { collection: 'java', why: 'MTEB joins title and text; set `titles: keep`' },
      { collection: 'own', why: 'not a collection that MTEB has' },
    ])
  })

  it('puts subsets of a task into one file', async () => {
    const both = {
      ...results,
      collections: [as(go, 'coir/codesearchnet-ccr-go'), as(java, 'coir/codesearchnet-ccr-java')],
    }
    const { files } = await mtebExport(await temporaryFolder(), both)
    expect(file(files, 'CodeSearchNetCCRetrieval.json')!.scores.test!.map((s) => s.hf_subset)).toEqual(['go', 'java'])
  })

  it('never files another corpus, split or smoke run under a task’s name', async () => {
    const why = async (study: StudyResults) => (await mtebExport(await temporaryFolder(), study)).left[0]?.why
    const changed = (change: Partial<CollectionResult>) => ({
      ...results,
      collections: [as(scifact, 'beir/scifact', change)],
    })
    expect(await why(changed({ documents: 60 }))).toBe('another corpus: 60 documents here, 5,183 in beir/scifact')
    expect(await why(changed({ split: 'train', queries: 809 }))).toBe('MTEB’s split is test, not train')
    expect(await why(changed({ removeSelf: true }))).toContain('MTEB keeps the query’s own document')
    expect(await why({ ...changed({}), smoke: { limit: 20 } })).toContain('smoke run over 20 queries')
    expect(await why({ ...results, collections: [as(own, 'beir/robust04')] })).toBe(
      'MTEB has no task for beir/robust04',
    )
  })

  it('measures all that MTEB does from a run that is the results’ own, and trusts no other', async () => {
    const folder = await temporaryFolder()
    const [trial] = results.trials
    const small: StudyResults = {
      ...results,
      measures: ['nDCG@10'],
      collections: [results.collections[0]!],
      trials: [{ ...trial!, runFile: 'runs/scifact.bm25.trec', mean: { 'nDCG@10': 0.815465 } }],
    }
    await mkdir(join(folder, 'runs'))
    await writeFile(join(folder, 'runs/scifact.qrels'), 'q1 0 d1 1\nq2 0 d2 1\n')
    const run = 'q1 Q0 d1 1 2 x\nq1 Q0 d9 2 1 x\nq2 Q0 d9 1 2 x\nq2 Q0 d2 2 1 x\n'
    await writeFile(join(folder, 'runs/scifact.bm25.trec'), run)
    const scores = async () => file((await mtebExport(folder, small)).files, 'SciFact.json')!.scores.test![0]!
    expect(await scores()).toMatchObject({
      ndcg_at_10: 0.81546,
      map_at_10: 0.75,
      mrr_at_1: 0.5,
      mrr_at_10: 0.75,
      recall_at_1: 0.5,
      precision_at_3: 0.33333,
      hit_rate_at_1: 0.5,
      main_score: 0.81546,
    })
    expect(Object.keys(await scores())).toHaveLength(6 * 7 + 3)
    await writeFile(join(folder, 'runs/scifact.bm25.trec'), run.replaceAll('d2', 'd3'))
    expect(Object.keys(await scores()).filter((key) => key.includes('_at_'))).toEqual(['ndcg_at_10'])
  })
})

const recipe = {
  id: 'sentence-transformers',
  prompts: {
    query: [{ parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null }],
    document: [{ parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null }],
  },
  maxLength: { query: 256, document: 256 },
  similarity: 'cosine',
} as unknown as Recipe

const dense = (id: string, model: string, more: object = {}): RetrieverResult => ({
  id,
  kind: 'dense',
  summary: '',
  resolved: {
    model: { engine: 'onnx', model, dtype: 'float32', device: 'cpu' },
    output: 'dense',
    recipe: recipe as never,
    identity: { weights: ['53aa'] },
    ...more,
  },
  dimension: 384,
  parameters: 22_700_000,
  members: [],
  warnings: [],
})

describe('the folder of a model', () => {
  const folder = (retriever: RetrieverResult, ...others: RetrieverResult[]) =>
    mtebFolder(retriever, { ...results, retrievers: [retriever, ...others] })

  it('is named as MTEB names it where the model is used as its files say', () => {
    const { path, meta } = folder(dense('minilm', 'sentence-transformers/all-MiniLM-L6-v2@8b3219a92973c328a8e22fad'))
    expect(path).toBe('sentence-transformers__all-MiniLM-L6-v2/8b3219a92973c328a8e22fad')
    expect(meta).toMatchObject({
      name: 'sentence-transformers/all-MiniLM-L6-v2',
      n_parameters: 22_700_000,
      embed_dim: 384,
      max_tokens: 256,
      use_instructions: false,
      model_type: ['dense'],
      framework: ['ONNX'],
      experiment_kwargs: null,
    })
  })

  it('tells local folders by their weights', () => {
    expect(folder(dense('m', '/home/me/my model')).path).toMatch(/^local__my-model\/weights-[0-9a-f]{16}$/)
    expect(folder(dense('m', './models/mini')).path).toMatch(/^local__mini\//)
  })

  it('makes an experiment of every other way to use a model', () => {
    const name = 'org/model@abc'
    const prompted = {
      recipe: {
        ...recipe,
        id: 'promptreps',
        prompts: { ...recipe.prompts, query: [{ parts: [{ kind: 'literal', text: 'Q: ' }] }] },
      },
    }
    const promptreps = folder(dense('model: a/b', name, prompted))
    expect(promptreps.path).toBe('org__model/abc/experiments/retriever_model_ a_b')
    expect(promptreps.meta).toMatchObject({ use_instructions: true, experiment_kwargs: { retriever: 'model: a/b' } })
    expect(folder(dense('white', name, { postprocess: [{}] })).experiment).toEqual({ retriever: 'white' })
    const int8 = { model: { engine: 'onnx', model: name, dtype: 'int8', device: 'cpu' } }
    expect(folder(dense('m', name), dense('m-int8', name, int8)).experiment).toEqual({ retriever: 'm' })
    expect(folder(dense('m', name), dense('other', 'org/other')).experiment).toBeNull()
  })
})
