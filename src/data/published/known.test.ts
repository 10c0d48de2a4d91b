import { expect, test } from 'vitest'
import { type CollectionIdentity, knownCollection } from './known.ts'

const texts = { text: 300, image: 0, both: 0, empty: 0 }
const pictures = { text: 0, image: 1_000, both: 0, empty: 0 }
const summary = {
  documents: 5_183,
  queries: 300,
  judgments: 339,
  modalities: { documents: texts, queries: texts },
  corpusHash: 'a',
  queriesHash: 'b',
  qrelsHash: 'c',
}

const known = (identity: Partial<CollectionIdentity>) =>
  knownCollection({ source: '/data/mine', split: 'test', summary, ...identity })

test('a collection is known by its name, its repository, its counts, or its folder’s name', () => {
  expect(known({ source: 'beir/scifact' })).toMatchObject({ dataset: 'beir/scifact', by: 'name' })
  expect(known({ source: 'hf:mteb/scifact' })).toMatchObject({ dataset: 'beir/scifact', by: 'hub' })
  expect(known({ source: 'hf:CoIR-Retrieval/CodeSearchNet#go' })).toMatchObject({ dataset: 'coir/codesearchnet-go' })
  expect(known({})).toMatchObject({ dataset: 'beir/scifact', by: 'counts' })
  expect(known({ split: 'train', summary: { ...summary, queries: 809, judgments: 919 } })).toMatchObject({
    by: 'counts',
  })
  expect(known({ source: 'C:\\sets\\SciFact.zip', summary: { ...summary, documents: 60 } })).toMatchObject({
    dataset: 'beir/scifact',
    by: 'folder',
  })
  expect(known({ summary: { ...summary, documents: 60, queries: 20 } })).toBeNull()
  expect(known({ source: 'hf:someone/scifact' })).toBeNull()
})

test('the study file goes first, and can say that it is none', () => {
  expect(known({ published: 'coir/cosqa' })).toMatchObject({ dataset: 'coir/cosqa', by: 'study' })
  expect(known({ published: false })).toBeNull()
})

test('two ids of one collection are no doubt, two collections of equal size are', () => {
  const passages = { ...summary, documents: 8_841_823, queries: 6_980, judgments: 7_437 }
  expect(known({ split: 'dev', summary: passages })).toMatchObject({ by: 'counts' })
})

test('round numbers alone make no collection a known one', () => {
  const round = { ...summary, documents: 1_000, queries: 100, judgments: 100 }
  expect(known({ summary: round })).toBeNull()
  const shown = { ...round, modalities: { documents: pictures, queries: texts } }
  expect(known({ summary: shown })).toMatchObject({ dataset: 'vidore/shiftproject', by: 'counts' })
  expect(known({ summary: { ...summary, judgments: 340 } })).toBeNull()
})
