import { describe, expect, test } from 'vitest'
import { parseMeasure } from '../../measure/index.ts'
import { BEIR } from './beir.ts'
import { DATASET_GROUPS, datasetOnHub, findDataset, listDatasets } from './index.ts'
import type { DatasetInfo } from './types.ts'

const sum = (sets: readonly DatasetInfo[], of: (set: DatasetInfo) => number | null) =>
  sets.reduce((total, set) => total + of(set)!, 0)

describe('the registry', () => {
  const all = listDatasets()
  const family = (name: string) => all.filter((dataset) => dataset.family === name)

  test('BEIR’s 18 data sets (CQADupStack by its forums, 13,145 queries) and CoIR’s ten', () => {
    const forums = family('beir').filter(({ name }) => name.startsWith('cqadupstack-'))
    // MS MARCO is BEIR's nineteenth: models are trained on it.
    expect(family('beir').length - forums.length + 1).toBe(19)
    expect(sum(forums, (set) => set.queries)).toBe(13_145)
    expect(sum(forums, (set) => set.documents)).toBe(457_199)
    expect(new Set(family('coir').map(({ hub }) => hub?.repo)).size).toBe(10)
    const net = (prefix: RegExp) => family('coir').filter(({ name }) => prefix.test(name))
    expect(sum(net(/^codesearchnet-ccr-/), (set) => set.documents)).toBe(1_005_474)
    expect(sum(net(/^codesearchnet-(?!ccr)/), (set) => set.documents)).toBe(1_003_765)
    expect(sum(net(/^codesearchnet-(?!ccr)/), (set) => set.queries)).toBe(52_561)
  })

  test('the other families', () => {
    expect(family('msmarco').map(({ id }) => id.split('/')[1])).toEqual(['dev', 'dl19', 'dl20', 'train', 'train-aug'])
    expect(family('vidore')).toHaveLength(10)
    for (const name of ['image', 'mbeir', 'mmeb']) {
      const ways = family(name).map(({ queryModality, modality }) => `${queryModality} to ${modality}`)
      const one = ways.filter((way) => way === 'text to image')
      expect(one.length, name).toBeGreaterThan(0)
      expect(ways.filter((way) => way === 'image to text')).toHaveLength(one.length)
    }
  })

  test.each(all.map((dataset) => [dataset.id, dataset] as const))('%s is whole', (id, dataset) => {
    expect(id).toMatch(/^[a-z]+\/[a-z0-9.-]+$/)
    expect(Object.keys(dataset.splits)).toContain(dataset.split)
    expect(dataset.splits[dataset.split]!.queries).toBe(dataset.queries)
    for (const measure of dataset.measures) expect(parseMeasure(measure).name).toBe(measure)
    for (const source of [...(dataset.hub ? [dataset.hub] : []), ...dataset.mirrors]) {
      expect(source.repo).toMatch(/^[\w.-]+\/[\w.-]+$/)
      for (const revision of [source.revision, source.qrels?.revision ?? null])
        if (revision !== null) expect(revision).toMatch(/^[0-9a-f]{40}$/)
    }
    if (dataset.hub === null) expect(dataset.note).toBeTruthy()
    else if (dataset.hub.revision === null) expect(dataset.unverified).toContain('revision')
    if (dataset.documents === null || dataset.queries === null)
      expect(dataset.hub === null || dataset.kind === 'training').toBe(true)
  })

  test('has each id and each name once, and each commit for one repository', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    const owner = new Map<string, string>()
    for (const { hub } of all)
      for (const { repo, revision } of hub ? [hub, ...(hub.qrels ? [hub.qrels] : [])] : []) {
        if (revision === null) continue
        expect(owner.get(revision) ?? repo, revision).toBe(repo)
        owner.set(revision, repo)
      }
  })

  test('says MS MARCO by its own measures, the others by theirs', () => {
    expect(findDataset('msmarco/dev')?.measures).toEqual(['MRR@10', 'R@1000'])
    expect(findDataset('msmarco/dl19')?.measures[0]).toBe('nDCG@10')
    for (const dataset of [...family('beir'), ...family('coir')]) expect(dataset.measures).toEqual(['nDCG@10'])
    for (const dataset of family('coir')) expect(dataset.titles).toBe('omit')
    for (const dataset of family('beir')) expect(dataset.titles).toBe('keep')
  })

  test('only ArguAna and Quora have queries that are documents', () => {
    expect(all.filter(({ removeSelf }) => removeSelf).map(({ id }) => id)).toEqual(['beir/arguana', 'beir/quora'])
  })
})

test('finds by name in any case, and by what lies on the hub', () => {
  expect(findDataset('BEIR/SciFact')).toMatchObject({ hub: { repo: 'BeIR/scifact' }, documents: 5183, queries: 300 })
  expect(findDataset('scifact')).toBeUndefined()
  expect(findDataset('coir/codesearchnet-ccr-go')).toMatchObject({
    hub: { repo: 'CoIR-Retrieval/CodeSearchNet-ccr' },
    subset: 'go',
    documents: 182_735,
  })
  expect(datasetOnHub('mteb/arguana', undefined)?.removeSelf).toBe(true)
  expect(datasetOnHub('BeIR/quora', undefined)?.id).toBe('beir/quora')
  expect(datasetOnHub('BeIR/msmarco', undefined)?.id).toBe('beir/msmarco')
  expect(datasetOnHub('CoIR-Retrieval/CodeSearchNet', 'go')?.id).toBe('coir/codesearchnet-go')
  expect(datasetOnHub('CoIR-Retrieval/cosqa-queries-corpus', undefined)?.titles).toBe('omit')
  expect(datasetOnHub('vidore/docvqa_test_subsampled_beir', undefined)?.id).toBe('vidore/docvqa')
  expect(datasetOnHub('someone/else', undefined)).toBeUndefined()
})

test('groups of the field’s own names', () => {
  const size = Object.fromEntries(DATASET_GROUPS.map(({ name, members }) => [name, members.length]))
  expect(size).toEqual({
    'beir-13': 13,
    'beir-14': 13 + 12,
    'beir-15': 13 + 12 + 1,
    'beir-18': 13 + 12 + 4,
    cqadupstack: 12,
    'coir-10': 20,
    codesearchnet: 6,
    'codesearchnet-ccr': 6,
    'vidore-10': 10,
  })
  const [thirteen] = DATASET_GROUPS
  const rest = BEIR.filter(({ name }) => !thirteen!.members.some((member) => member.name === name))
  expect(rest.filter(({ name }) => !name.startsWith('cqadupstack')).map(({ name }) => name)).toEqual([
    'msmarco',
    'bioasq',
    'signal1m',
    'trec-news',
    'robust04',
  ])
})
