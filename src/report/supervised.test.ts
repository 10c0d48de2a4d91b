import { describe, expect, it } from 'vitest'
import type { StudyResults, SupervisedResult } from '../study/results.ts'
import { renderSupervisedCsv } from './csv-supervised.ts'
import { supervisedParts } from './markdown-supervised.ts'
import { supervisedGroups, supervisedSentence } from './supervised.ts'

const row = (
  zeroShot: string,
  before: number,
  after: number,
  changes: Partial<SupervisedResult> = {},
): SupervisedResult => ({
  collection: 'c',
  measure: 'nDCG@10',
  zeroShot,
  supervised: `${zeroShot}+`,
  before,
  after,
  queries: 50,
  difference: after - before,
  interval: [0.05, 0.3],
  p: 0.001,
  pAdjusted: 0.002,
  significant: true,
  effect: 0.5,
  wins: 30,
  losses: 5,
  ties: 15,
  ...changes,
})
const results = (supervised: readonly SupervisedResult[]) =>
  ({
    collections: [{ name: 'c' }],
    measures: ['nDCG@10', 'R@100'],
    comparison: { baseline: null, test: 't-test', correction: 'holm', alpha: 0.05, resamples: 100, seed: 1 },
    supervised,
  }) as unknown as StudyResults

describe('zero-shot against supervised', () => {
  const both = results([row('a', 0.1, 0.4), row('b', 0.3, 0.41, { significant: false, pAdjusted: 0.2 })])

  it('says how many pairs gain significantly, and how far the models lie apart before and after', () => {
    const [group, ...none] = supervisedGroups(both)
    expect(none).toEqual([])
    expect(supervisedSentence(group!)).toBe(
      'On c, training raises nDCG@10 significantly in 1 of 2 pairs. The models lie 0.2000 apart as they are, and 0.0100 trained.',
    )
    expect(supervisedSentence(supervisedGroups(results([row('a', 0.1, 0.4)]))[0]!)).toBe(
      'On c, a+ has nDCG@10 0.4000, a without training 0.1000: +0.3000, significant (p = 0.0020).',
    )
  })

  it('has its section and file, and none where nothing was trained', () => {
    const text = supervisedParts(both).join('\n')
    expect(text).toContain('## Zero-shot against supervised')
    expect(text).toMatch(/\| c \| nDCG@10 \| a \| a\+ \| 0\.1000 \| 0\.4000▲ \| \+0\.3000 \|/)
    expect(text).toContain('over all pairs of one collection and measure')
    expect(renderSupervisedCsv(both).split('\n')[1]).toMatch(/^c,nDCG@10,a,a\+,0\.1,0\.4,/)
    expect(supervisedParts(results([]))).toEqual([])
  })
})
