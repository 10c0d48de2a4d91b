import { expect, test } from 'vitest'
import { datasetOnHub, findDataset, hubName, listDatasets } from './index.ts'

test('BEIR’s 18 data sets (CQADupStack by its forums, 13,145 queries) and CoIR’s ten', () => {
  const all = listDatasets()
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  const beir = all.filter(({ family }) => family === 'beir')
  const forums = beir.filter(({ name }) => name.startsWith('cqadupstack-'))
  // MS MARCO is BEIR's nineteenth: models are trained on it.
  expect(beir.length - forums.length + 1).toBe(19)
  expect(forums.reduce((sum, { queries }) => sum + queries, 0)).toBe(13_145)
  expect(forums.reduce((sum, { documents }) => sum + documents, 0)).toBe(457_199)
  const coir = all.filter(({ family }) => family === 'coir')
  expect(new Set(coir.map(({ hub }) => hub)).size).toBe(10)
  const searchNet = coir.filter(({ name }) => name.startsWith('codesearchnet-') && !name.includes('ccr'))
  expect(searchNet.reduce((sum, { documents }) => sum + documents, 0)).toBe(1_005_474)
})

test('finds by name in any case, and by what lies on the hub', () => {
  expect(findDataset('BEIR/SciFact')).toMatchObject({ hub: 'BeIR/scifact', documents: 5183, queries: 300 })
  expect(findDataset('scifact')).toBeUndefined()
  expect(hubName(findDataset('coir/codesearchnet-ccr-go')!)).toBe('CoIR-Retrieval/CodeSearchNet-ccr#go')
  expect(datasetOnHub('mteb/arguana', undefined)?.removeSelf).toBe(true)
  expect(datasetOnHub('CoIR-Retrieval/CodeSearchNet', 'go')?.id).toBe('coir/codesearchnet-go')
  expect(datasetOnHub('CoIR-Retrieval/cosqa-queries-corpus', undefined)?.titles).toBe('omit')
  expect(datasetOnHub('someone/else', undefined)).toBeUndefined()
})

test('only ArguAna and Quora have queries that are documents', () => {
  const removing = listDatasets().filter(({ removeSelf }) => removeSelf)
  expect(removing.map(({ id }) => id)).toEqual(['beir/arguana', 'beir/quora'])
})
