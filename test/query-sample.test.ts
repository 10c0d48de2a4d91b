import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openCollection } from '../src/data/index.ts'
import type { PlannedCollection } from '../src/study/plan.ts'
import { measureOtherQueries, sampleTexts } from '../src/study/query-sample.ts'
import { TINY, writeCollection } from './support/collections.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-sample-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function planned(name: string, more: readonly object[]): Promise<PlannedCollection> {
  const path = await writeCollection(join(folder, name), { ...TINY, queries: [...TINY.queries, ...more] })
  const collection = await openCollection({ source: path }, { cacheDir: join(folder, 'cache') })
  const count = TINY.documents.length
  const modalities = { documents: { text: count, image: 0, both: 0, empty: 0 } }
  const summary = { documents: count, corpusHash: 'corpus', modalities }
  return {
    given: name,
    collection,
    summary,
    ...(await measureOtherQueries({ collection })),
  } as unknown as PlannedCollection
}
const textsOf = async (wish: 'auto' | 'train' | 'sentences', on: PlannedCollection) => {
  const texts: string[] = []
  for await (const { text } of sampleTexts(wish, on).texts()) texts.push(text)
  return texts
}
const training = Array.from({ length: 60 }, (_, i) => ({ _id: `t${i}`, text: `training query number ${i}` }))

it('takes training queries where there are enough, and never the text of a query under test', async () => {
  const twin = { _id: 't-twin', text: '  What makes BREAD dough rise ' }
  const on = await planned('train', [...training, twin])
  expect(on.otherQueries).toBe(60)
  expect(sampleTexts('auto', on).kind).toBe('train')
  const texts = await textsOf('auto', on)
  expect(texts.toSorted()).toEqual(training.map(({ text }) => text).toSorted())
})

it('else takes a sentence of each document, the same one every time', async () => {
  const on = await planned('sentences', training.slice(0, 5))
  expect(sampleTexts('auto', on).kind).toBe('sentences')
  const texts = await textsOf('auto', on)
  expect(texts).toHaveLength(12)
  expect(texts).toEqual(await textsOf('sentences', on))
})

it('refuses to take the mean of a handful before anything is encoded', async () => {
  const on = await planned('few', training.slice(0, 5))
  expect(() => sampleTexts('train', on)).toThrow(
    expect.objectContaining({ code: 'STUDY_INVALID', message: expect.stringContaining('few has 5 queries') }),
  )
})
