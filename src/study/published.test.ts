import { expect, test } from 'vitest'
import { publishedFixture } from '../../test/support/published-fixture.ts'
import type { FieldtrialError } from '../core/errors.ts'
import { readMtebResult } from '../data/mteb/read.ts'
import { studyFromInput } from './parse.ts'
import { publishedRows } from './published.ts'
import type { StudyInput } from './schema.ts'

const study = (input: Partial<StudyInput>) =>
  studyFromInput(
    { collections: ['beir/scifact'], baselines: ['bm25'], ...input },
    { folder: '/studies', defaultName: 'study' },
  )

test('a study file names a known collection, and files of MTEB relative to itself', () => {
  const { collections, mteb } = study({
    collections: [{ source: 'beir/scifact', published: 'BEIR/nfcorpus' }],
    mteb: ['downloads/results', '/absolute'],
  })
  expect(collections[0]!.published).toBe('BEIR/nfcorpus')
  expect(mteb).toEqual(['/studies/downloads/results', '/absolute'])
})

test('an unknown one is refused with the nearest name', () => {
  let error: FieldtrialError | undefined
  try {
    study({ collections: [{ source: 'beir/scifact', published: 'beir/scifakt' }] })
  } catch (thrown) {
    error = thrown as FieldtrialError
  }
  expect(error?.message).toContain('There is no known collection "beir/scifakt"')
  expect(error?.hint).toContain('Did you mean beir/scifact?')
})

test('figures keep to the study’s measures, whichever name these go by', () => {
  const { results } = publishedFixture({ measures: ['RR@10', 'nDCG@10'] })
  const passages = {
    ...results.collections[0]!,
    split: 'dev',
    documents: 8_841_823,
    queries: 6_980,
    known: { dataset: 'beir/msmarco', by: 'name', content: 'unchecked' } as const,
  }
  const rows = publishedRows({ ...results, collections: [passages] })
  expect(new Set(rows.map(({ measure }) => measure))).toEqual(new Set(['RR@10', 'nDCG@10']))
  const bm25 = rows.find(({ system }) => system === 'BM25 k1=0.9 b=0.4 (Anserini)')!
  expect(bm25).toMatchObject({ measure: 'RR@10', value: 0.184, dataset: 'msmarco/dev', comparable: true })
})

test('a system without any of the measures is kept, and says so', () => {
  const { results } = publishedFixture({ measures: ['AP'] })
  const rows = publishedRows(results).filter(({ system }) => system === 'GritLM-7B')
  expect(rows.map(({ measure, reasons }) => [measure, reasons.map(({ code }) => code).includes('measure')])).toEqual([
    ['nDCG@10', true],
    ['nDCG@10', true],
  ])
})

test('imported figures stand with the others, on their own collections only', () => {
  const { results } = publishedFixture()
  const model = { name: 'org/model', revision: null, kind: 'dense', prompts: 'none' } as const
  const file = (task: string, revision: string) => ({
    task_name: task,
    dataset_revision: revision,
    scores: { test: [{ hf_subset: 'default', ndcg_at_10: 0.7, map_at_10: 0.6 }] },
  })
  const imported = [
    ...readMtebResult(file('SciFact', 'd56462d0e63a25450459c4f213e49ffdb866f7f9'), 'a', model),
    ...readMtebResult(file('NFCorpus', 'x'), 'b', model),
    ...readMtebResult(file('CQADupstackRetrieval', 'x'), 'c', model),
  ]
  const own = publishedRows(results, imported).filter(({ system }) => system === 'org/model')
  expect(own).toMatchObject([{ collection: 'scifact', measure: 'nDCG@10', value: 0.7, comparable: true, reasons: [] }])
})
