import { expect, test } from 'vitest'
import { type DatasetFilter, filterDatasets } from './filter.ts'
import { listDatasets } from './list.ts'

const ids = (filter: DatasetFilter) => filterDatasets(filter).map(({ id }) => id)

test('nothing asked for lets all through', () => {
  expect(filterDatasets({})).toEqual(listDatasets())
})

test('by name: a part of it, of the title, or a pattern', () => {
  expect(ids({ name: 'cosqa' })).toEqual(['coir/cosqa'])
  expect(ids({ name: 'touché' })).toEqual(['beir/webis-touche2020'])
  expect(ids({ name: 'coir/*-ccr-p*' })).toEqual(['coir/codesearchnet-ccr-php', 'coir/codesearchnet-ccr-python'])
  expect(ids({ name: 'SCIFACT' })).toEqual(['beir/scifact'])
})

test('by family, modality, language, group, size and whether it can be had, all at once', () => {
  expect(ids({ family: 'beir', size: '10k' })).toEqual(['beir/nfcorpus', 'beir/arguana', 'beir/scifact'])
  expect(ids({ language: 'sql' })).toEqual(['coir/synthetic-text2sql'])
  expect(ids({ language: 'fr' })).toEqual(['vidore/tabfquad', 'vidore/shiftproject'])
  expect(ids({ group: 'beir-18', available: true, size: '4000' })).toEqual(['beir/nfcorpus'])
  expect(ids({ modality: 'image', family: 'image' })).toHaveLength(4)
  expect(filterDatasets({ modality: 'code' }).every(({ family }) => family === 'coir')).toBe(true)
  expect(ids({ family: 'msmarco', available: true })).toEqual(['msmarco/dev', 'msmarco/dl19', 'msmarco/dl20'])
  expect(ids({ name: 'robust', available: true })).toEqual([])
})

test.each<[DatasetFilter, string]>([
  [{ family: 'bier' }, 'Did you mean beir?'],
  [{ modality: 'images' }, 'Did you mean image?'],
  [{ language: 'pyton' }, 'Did you mean python?'],
  [{ group: 'beir13' }, 'Did you mean beir-13?'],
  [{ size: 'small' }, 'Write it as 5000, 100k or 1M.'],
])('refuses %j', (filter, hint) => {
  expect(() => filterDatasets(filter)).toThrow(expect.objectContaining({ code: 'USAGE', hint }))
})
