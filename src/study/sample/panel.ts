import type { Bm25Options } from '../../index/bm25/index.ts'

/** A retriever that costs little: what a sample does to scores and orders is told by these. */
export interface PanelMember {
  readonly id: string
  readonly options: Bm25Options
}

/**
 * BM25 seven times, from good to bad: Anserini's and Elasticsearch's parameters, no length normalisation, no stemmer, and four ways to
 * make terms of text. They differ enough to have an order, and cost seconds.
 */
export const PANEL: readonly PanelMember[] = [
  { id: 'bm25', options: {} },
  { id: 'bm25 k1=1.2 b=0.75', options: { k1: 1.2, b: 0.75 } },
  { id: 'bm25 b=0', options: { b: 0 } },
  { id: 'bm25 no stemmer', options: { analyzer: { name: 'lucene-english', stemmer: 'none' } } },
  { id: 'bm25 unicode', options: { analyzer: 'unicode' } },
  { id: 'bm25 code', options: { analyzer: 'code' } },
  { id: 'bm25 whitespace', options: { analyzer: 'whitespace' } },
]

/**
 * Those that give hard distractors. One alone would favour itself: its own first documents all stay, and those that mislead the others
 * are lost. Three ways to make terms, for prose and for code, are fairer to the rest (docs/sampling.md has the figures).
 */
export const DONORS: readonly PanelMember[] = PANEL.filter(({ id }) =>
  ['bm25', 'bm25 unicode', 'bm25 code'].includes(id),
)

/** The measures whose bias is told; the first one ranks. */
export const BIAS_MEASURES = ['nDCG@10', 'R@100'] as const
/** Deepest of these. */
export const BIAS_DEPTH = 100
