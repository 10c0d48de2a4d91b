import { describe, expect, it } from 'vitest'
import { findDataset } from '../registry/index.ts'
import { comparability, type TrialFacts } from './compare.ts'
import { listPublished, type PublishedFigure } from './index.ts'

const published = (collection: string, system: string, measure = 'nDCG@10'): PublishedFigure =>
  listPublished().find((f) => f.collection === collection && f.system === system && f.measure === measure)!

const FLAT = published('beir/scifact', 'BM25 flat (Anserini)')
const BM25 = { id: 'bm25', variant: 'lucene', k1: 0.9, b: 0.4, analyzer: 'lucene-english', multifield: false }

const scifact: TrialFacts = {
  dataset: findDataset('beir/scifact')!,
  content: 'unchecked',
  split: 'test',
  documents: 5_183,
  queries: 300,
  titles: 'keep',
  removeSelf: false,
  limit: null,
  sampled: false,
  measures: ['nDCG@10'],
  bm25: [BM25],
}

const codes = (figure: PublishedFigure, facts: TrialFacts) =>
  comparability(figure, facts).reasons.map((reason) => reason.code)

describe('comparability', () => {
  it('holds for the same collection, rules and parameters, and names the counterpart', () => {
    expect(comparability(FLAT, scifact)).toEqual({ comparable: true, reasons: [], counterparts: ['bm25'] })
  })

  it('fails for figures from logs that may be of a partial run', () => {
    const logged = published('beir/scifact', 'Qwen2.5-VL-7B-Instruct, PromptReps dense')
    expect(codes(logged, scifact)).toEqual(['corpus'])
  })

  it('fails for each difference by itself', () => {
    const change = (change: Partial<TrialFacts>) => codes(FLAT, { ...scifact, ...change })
    expect(change({ split: 'train' })).toEqual(['split'])
    expect(change({ documents: 60 })).toEqual(['documents'])
    expect(change({ queries: 20 })).toEqual(['queries'])
    expect(change({ content: 'different' })).toEqual(['content'])
    expect(change({ limit: 20, documents: 1_000, queries: 20 })).toEqual(['limit'])
    expect(change({ sampled: true })).toEqual(['sample'])
    expect(change({ titles: 'omit' })).toEqual(['titles'])
    expect(change({ measures: ['AP'] })).toEqual(['measure'])
    expect(change({ bm25: [{ ...BM25, k1: 1.2 }] })).toEqual(['bm25'])
    expect(change({ bm25: [{ ...BM25, analyzer: null }] })).toEqual(['bm25'])
    expect(change({ dataset: { ...scifact.dataset, documents: null } })).toEqual(['counts-unknown'])
  })

  it('asks nothing of BM25 parameters where the study has no BM25, and is content with one that agrees', () => {
    expect(codes(FLAT, { ...scifact, bm25: [] })).toEqual([])
    expect(codes(FLAT, { ...scifact, bm25: [{ ...BM25, id: 'other', k1: 2 }, BM25] })).toEqual([])
  })

  it('tells all reasons at once, with the numbers', () => {
    const cosqa: TrialFacts = {
      ...scifact,
      dataset: findDataset('coir/cosqa')!,
      documents: 6_267,
      queries: 500,
      titles: 'omit',
    }
    const { comparable, reasons } = comparability(published('coir/cosqa', 'BM25 (CoIR)'), cosqa)
    expect(comparable).toBe(false)
    expect(reasons.map((r) => r.code)).toEqual(['documents', 'bm25', 'unverified'])
    expect(reasons[0]!.text).toBe('another corpus: 6,267 documents here, 20,604 in coir/cosqa')
    expect(codes(published('coir/cosqa', 'GritLM-7B'), cosqa)).toEqual(['documents', 'titles', 'prompts'])
  })

  it('heeds the query’s own document only where queries are documents', () => {
    const arguana: TrialFacts = {
      ...scifact,
      dataset: findDataset('beir/arguana')!,
      documents: 8_674,
      queries: 1_406,
    }
    const figure = published('beir/arguana', 'BM25 flat (Anserini)')
    expect(codes(figure, arguana)).toEqual(['self'])
    expect(codes(figure, { ...arguana, removeSelf: true })).toEqual([])
  })

  it('fails for figures on a part of a corpus, of unknown prompts, or nobody checked', () => {
    const go: TrialFacts = {
      ...scifact,
      dataset: findDataset('coir/codesearchnet-go')!,
      documents: 182_440,
      queries: 8_122,
    }
    expect(codes(published('coir/codesearchnet-go', 'GritLM-7B'), go)).toEqual(['corpus', 'prompts'])
    expect(codes(published('beir/scifact', 'NV-Embed-v2'), scifact)).toEqual(['prompts'])
    expect(codes(published('beir/scifact', 'RepLLaMA-7B'), scifact)).toEqual(['unverified'])
    expect(codes(published('beir/scifact', 'e5-mistral-7b-instruct'), scifact)).toEqual([])
    const revised = {
      ...FLAT,
      protocol: { ...FLAT.protocol, otherRevision: { theirs: '0228b52cf275', current: 'd56462d0e63a' } },
    }
    expect(codes(revised, scifact)).toEqual(['revision'])
  })
})
