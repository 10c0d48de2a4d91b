import type { DomainResult } from '../../src/study/domains/results.ts'
import type { StudyResults } from '../../src/study/results.ts'
import { studyFixture } from './study-fixture.ts'

/** A study of one collection, before it was unified. */
export const plain = studyFixture({
  collections: ['all'],
  retrievers: [
    { id: 'bm25', kind: 'bm25', skill: 0.5 },
    { id: 'clip_x', kind: 'dense', skill: 0.4 },
  ],
  measures: ['nDCG@10', 'R@100'],
}).results

const scores = { queries: 4, mean: 12.345, deviation: 2, shift: 0.5, lead: -0.25 }
const compared = {
  queries: 4,
  difference: 0.2,
  interval: [0.1, 0.3] as const,
  p: 0.001,
  effect: 1,
  wins: 3,
  losses: 0,
  ties: 1,
}

const domain = (retriever: string, text: number, images: number): DomainResult => ({
  retriever,
  collection: 'all',
  macro: { 'nDCG@10': (text + images) / 2, 'R@100': 1 },
  wrong: 0.125,
  domains: [
    {
      domain: 'text',
      queries: 4,
      unseen: 0,
      mean: { 'nDCG@10': text, 'R@100': 1 },
      within: { 'nDCG@10': text + 0.1, 'R@100': 1 },
      shares: { shares: { text: 0.9, photos: 0.1 }, wrong: 0.1, queries: 4 },
      scores,
      againstBest: null,
    },
    {
      domain: 'photos',
      queries: 2,
      unseen: retriever === 'bm25' ? 30 : 0,
      mean: { 'nDCG@10': images, 'R@100': 0 },
      within: { 'nDCG@10': images, 'R@100': 0 },
      shares: null,
      scores: null,
      againstBest:
        retriever === 'bm25'
          ? null
          : { ...compared, measure: 'nDCG@10', best: 'bm25', pAdjusted: 0.002, significant: true },
    },
  ],
  gaps:
    retriever === 'bm25'
      ? null
      : {
          domains: [{ one: 'text', other: 'photos', gap: { distance: 0.8, relative: 1.2 } }],
          modalities: { distance: 0.8, relative: null },
          sides: [
            { domain: 'text', gap: { distance: 0.1, relative: 0.2 } },
            { domain: 'photos', gap: null },
          ],
        },
})

/** The same with two domains, one of them of images, which a retriever of text cannot find. */
export const results: StudyResults = {
  ...plain,
  collections: plain.collections.map((collection) => ({
    ...collection,
    domains: [
      { name: 'text', source: './text', split: 'test', documents: 1000, queries: 4, judgments: 4, imageDocuments: 0 },
      { name: 'photos', source: './p', split: 'test', documents: 30, queries: 2, judgments: 2, imageDocuments: 30 },
    ],
  })),
  domains: [domain('bm25', 0.5, 0), domain('clip_x', 0.3, 0.4)],
}
