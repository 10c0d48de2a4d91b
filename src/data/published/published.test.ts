import { describe, expect, it } from 'vitest'
import { parseMeasure } from '../../measure/parse.ts'
import { findDataset } from '../registry/index.ts'
import { collectionsOf, listPublished, type PublishedFigure, publishedOn, sameCollection } from './index.ts'
import { CODE_EMBEDDING_ROWS } from './sources/code-embeddings.ts'
import { COIR_PAPER_ROWS } from './sources/coir-paper.ts'
import { MTEB_COIR, MTEB_COIR_AVERAGES } from './sources/mteb-coir.ts'
import { MTEB_BOARD_ROWS } from './sources/mteb-english.ts'
import { REPLLAMA, REPLLAMA_AVERAGE } from './sources/repllama.ts'

const mean = (values: readonly (number | null)[]) =>
  values.reduce<number>((sum, value) => sum + value!, 0) / values.length

const find = (collection: string, system: string, measure = 'nDCG@10') =>
  listPublished().find((f) => f.collection === collection && f.system === system && f.measure === measure)

describe('published figures', () => {
  it('name collections of the registry, splits that these have, and canonical measures', () => {
    for (const figure of listPublished()) {
      const ids = collectionsOf(figure.collection)
      expect(ids, figure.collection).not.toEqual([])
      for (const id of ids) expect(Object.keys(findDataset(id)!.splits), id).toContain(figure.split)
      expect(parseMeasure(figure.measure).name).toBe(figure.measure)
    }
  })

  it('lie between 0 and 1 with the digits that their sources print', () => {
    for (const { value, decimals, system } of listPublished()) {
      expect(value, system).toBeGreaterThan(0)
      expect(value, system).toBeLessThan(1)
      expect(Number(value.toFixed(decimals)), system).toBe(value)
    }
  })

  it('hold one number for a collection, split, system, measure and source', () => {
    const key = (f: PublishedFigure) => [f.collection, f.split, f.system, f.measure, f.source.id, f.note].join('|')
    expect(new Set(listPublished().map(key)).size).toBe(listPublished().length)
  })

  it('have sources with an address; BM25 figures have parameters or a reason to be without', () => {
    for (const { source } of listPublished()) expect(new URL(source.url).protocol).toBe('https:')
    const bare = listPublished().filter((f) => f.kind === 'bm25' && !f.protocol.bm25)
    expect(new Set(bare.map((f) => f.system))).toEqual(new Set(['BM25 (CoIR)', 'bm25s']))
  })

  it('add up to the averages that their sources print', () => {
    for (const { system, values, average } of MTEB_BOARD_ROWS) expect(mean(values), system).toBeCloseTo(average, 1.9)
    for (const { system, values, average } of COIR_PAPER_ROWS)
      expect(Math.abs(mean(values) - average), system).toBeLessThan(0.02)
    for (const { system, values, average } of CODE_EMBEDDING_ROWS)
      expect(Math.abs(mean(values) - average), system).toBeLessThan(0.02)
    for (const [system, average] of Object.entries(MTEB_COIR_AVERAGES))
      expect(mean(MTEB_COIR.filter((f) => f.system === system).map((f) => f.value * 100)), system).toBeCloseTo(
        average,
        1.9,
      )
    const beir = REPLLAMA.filter((f) => f.collection.startsWith('beir/'))
    expect(beir).toHaveLength(13)
    expect(mean(beir.map((f) => f.value * 100))).toBeCloseTo(REPLLAMA_AVERAGE, 1)
  })

  it('carry the anchors of the field', () => {
    expect(find('beir/scifact', 'BM25 flat (Anserini)')?.value).toBe(0.6789)
    expect(find('beir/nfcorpus', 'BM25 flat (Anserini)')?.value).toBe(0.3218)
    expect(find('beir/scifact', 'BM25 flat (Anserini)', 'R@100')?.value).toBe(0.9253)
    expect(find('msmarco/dev', 'BM25 k1=0.9 b=0.4 (Anserini)', 'MRR@10')?.value).toBe(0.184)
    expect(find('beir/scifact', 'RepLLaMA-7B')).toMatchObject({ value: 0.756, verified: false })
  })
})

describe('the figures of a collection', () => {
  it('are those of all ids that name it', () => {
    expect(sameCollection('msmarco/dev')).toEqual(['msmarco/dev', 'beir/msmarco'])
    expect(new Set(publishedOn('beir/msmarco').map((f) => f.collection))).toEqual(
      new Set(['beir/msmarco', 'msmarco/dev']),
    )
    expect(sameCollection('beir/robust04')).toEqual(['beir/robust04'])
    expect(sameCollection('nobody/knows')).toEqual([])
  })

  it('leave out means over several', () => {
    expect(publishedOn('coir/codesearchnet-go').every((f) => f.collection === 'coir/codesearchnet-go')).toBe(true)
    expect(publishedOn('beir/cqadupstack-tex').map((f) => f.source.id)).not.toContain('mteb-leaderboard')
    expect(collectionsOf('coir/codesearchnet-*')).toHaveLength(6)
    expect(collectionsOf('beir/cqadupstack-*')).toHaveLength(12)
  })
})
