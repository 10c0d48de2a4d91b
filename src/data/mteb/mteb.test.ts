import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collectionsOf } from '../published/index.ts'
import { findDataset } from '../registry/index.ts'
import { readMtebResults } from './files.ts'
import { type MtebModel, readMtebResult } from './read.ts'
import { MTEB_TASKS } from './tasks.ts'

const SCIFACT = 'd56462d0e63a25450459c4f213e49ffdb866f7f9'
const MODEL: MtebModel = { name: 'owner/model', revision: 'abc', kind: 'dense', prompts: 'unknown' }

const scores = {
  hf_subset: 'default',
  languages: ['eng-Latn'],
  main_score: 0.68736,
  ndcg_at_10: 0.68736,
  map_at_10: 0.64024,
  mrr_at_10: 0.6503399470899471,
  recall_at_100: 0.91267,
  precision_at_10: 0.09067,
  nauc_ndcg_at_10_max: 0.48,
}

const present = {
  dataset_revision: SCIFACT,
  task_name: 'SciFact',
  mteb_version: '1.20.0',
  evaluation_time: 3.9,
  kg_co2_emissions: null,
  scores: { test: [scores], train: [{ ...scores, ndcg_at_10: 0.696 }] },
}

describe('MTEB’s tasks', () => {
  it('are collections of the registry, with splits that these have', () => {
    for (const { task, collection, split } of MTEB_TASKS) {
      const ids = collectionsOf(collection)
      expect(ids, task).not.toEqual([])
      for (const id of ids) expect(Object.keys(findDataset(id)!.splits), task).toContain(split)
    }
  })

  it('cover BEIR’s public sets and all of CoIR', () => {
    const covered = new Set(MTEB_TASKS.flatMap(({ collection }) => collectionsOf(collection)))
    expect([...covered].filter((id) => id.startsWith('coir/'))).toHaveLength(20)
    expect([...covered].filter((id) => id.startsWith('beir/'))).toHaveLength(26)
  })
})

describe('a result file of MTEB', () => {
  it('gives its figures under the measures’ names here', () => {
    const figures = readMtebResult(present, 'SciFact.json', MODEL)
    const test = figures.filter(({ split }) => split === 'test')
    expect(Object.fromEntries(test.map((f) => [f.measure, f.value]))).toEqual({
      'nDCG@10': 0.68736,
      'AP@10': 0.64024,
      'MRR@10': 0.6503399470899471,
      'R@100': 0.91267,
      'P@10': 0.09067,
    })
    expect(test[0]).toMatchObject({ collection: 'beir/scifact', system: 'owner/model', kind: 'dense' })
    expect(test[0]!.protocol.otherRevision).toBeUndefined()
    expect(figures.filter(({ split }) => split === 'train')).toHaveLength(5)
  })

  it('tells of other data', () => {
    const [figure] = readMtebResult({ ...present, dataset_revision: '0228b52c' }, 'f', MODEL)
    expect(figure!.protocol.otherRevision).toEqual({ theirs: '0228b52c', current: SCIFACT })
    const sampled = {
      ...present,
      task_name: 'CodeSearchNetRetrieval',
      scores: { test: [{ ...scores, hf_subset: 'go' }] },
    }
    expect(readMtebResult(sampled, 'f', MODEL)[0]).toMatchObject({
      collection: 'coir/codesearchnet-go',
      protocol: { corpus: 'sampled' },
    })
  })

  it('is read in the old format, with and without subsets', () => {
    const { hf_subset: _, languages: __, main_score: ___, ...flat } = scores
    const old = {
      dataset_revision: SCIFACT,
      mteb_dataset_name: 'SciFact',
      mteb_version: '1.1.1',
      test: { ...flat, evaluation_time: 12.5 },
    }
    expect(readMtebResult(old, 'f', MODEL)).toEqual(
      readMtebResult({ ...present, scores: { test: [scores] } }, 'f', MODEL),
    )
    const nested = { mteb_dataset_name: 'CodeSearchNetCCRetrieval', test: { evaluation_time: 1, go: flat, java: flat } }
    const ids = new Set(readMtebResult(nested, 'f', MODEL).map((f) => f.collection))
    expect(ids).toEqual(new Set(['coir/codesearchnet-ccr-go', 'coir/codesearchnet-ccr-java']))
  })

  it('is refused where it would give a wrong number', () => {
    const fails = (content: unknown) => {
      try {
        readMtebResult(content, 'x/SciFact.json', MODEL)
      } catch (error) {
        return (error as Error).message
      }
      return 'nothing thrown'
    }
    expect(fails([])).toContain('not a JSON object')
    expect(fails({ scores: {} })).toContain('says what was measured')
    expect(fails({ ...present, task_name: 'SciFacts' })).toContain('"SciFacts" is not one of')
    expect(fails({ ...present, scores: { test: { ndcg_at_10: 0.5 } } })).toContain('not laid out')
    expect(fails({ ...present, scores: { test: [{ ...scores, ndcg_at_10: 68.7 }] } })).toContain('ndcg_at_10 is 68.7')
  })
})

describe('folders of results', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'fieldtrial-mteb-'))
    const put = async (path: string, content: unknown) => {
      await mkdir(join(root, path, '..'), { recursive: true })
      await writeFile(join(root, path), JSON.stringify(content))
    }
    await put('results/org__model/abc/SciFact.json', present)
    await put('results/org__model/abc/STS12.json', { task_name: 'STS12' })
    await put('results/org__model/abc/model_meta.json', { name: 'org/model', revision: 'abc', use_instructions: false })
    await put('results/org__model/abc/experiments/layer_3/SciFact.json', present)
    await put('results/org__model/abc/experiments/layer_3/model_meta.json', {
      name: 'org/model',
      revision: 'abc',
      experiment_kwargs: { layer: 3 },
    })
    await put('results/bm25s/0_1_10/SciFact.json', present)
    await put('empty/STS12.json', {})
    await put('foreign/SciFact.json', { mteb_dataset_name: 'SciFact', queries: { 'NDCG@10': 0.67 } })
    await put('cut/SciFact.json', {})
    await writeFile(join(root, 'cut/SciFact.json'), '{"task_name": "Sci')
  })
  afterAll(() => rm(root, { recursive: true }))

  it('are searched for the tasks known here; the model is told by its card, else by the folders', async () => {
    const figures = await readMtebResults([join(root, 'results')])
    const systems = new Map(figures.map((f) => [f.system, f]))
    expect([...systems.keys()].sort()).toEqual(['bm25s', 'org/model', 'org/model (layer=3)'])
    expect(systems.get('org/model')).toMatchObject({
      protocol: { prompts: 'none' },
      source: { url: 'org__model/abc/SciFact.json' },
    })
    expect(systems.get('bm25s')).toMatchObject({ kind: 'bm25', protocol: { prompts: 'none' } })
    expect(systems.get('org/model (layer=3)')!.protocol.prompts).toBe('unknown')
  })

  it('must be there, hold results, and be whole', async () => {
    await expect(readMtebResults([join(root, 'nowhere')])).rejects.toMatchObject({ code: 'DATA_MISSING' })
    await expect(readMtebResults([join(root, 'empty')])).rejects.toMatchObject({ code: 'DATA_MISSING' })
    await expect(readMtebResults([join(root, 'foreign')])).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await expect(readMtebResults([join(root, 'cut')])).rejects.toMatchObject({ code: 'DATA_INVALID' })
  })
})
