import { describe, expect, it } from 'vitest'
import { describeShared } from '../../test/support/shared.ts'
import { scifactStudy, studyFixture } from '../../test/support/study-fixture.ts'
import type { StudyResults } from '../study/results.ts'
import { verdicts, verdictText } from './verdict.ts'

const texts = (results: StudyResults, measure?: string) => verdicts(results, measure).map(verdictText)

/** A study of one collection in which retrievers have just these means. */
function study(means: Record<string, number | null>, change: Partial<StudyResults> = {}): StudyResults {
  const { results } = studyFixture({
    collections: ['scifact'],
    queries: 20,
    measures: ['nDCG@10'],
    retrievers: Object.keys(means).map((id) => ({ id, kind: 'bm25', skill: 0.5 })),
  })
  return {
    ...results,
    trials: results.trials.map((trial) => {
      const mean = means[trial.retriever]!
      return mean === null
        ? { ...trial, status: 'failed', error: { code: 'X', message: 'x' }, mean: {} }
        : { ...trial, mean: { 'nDCG@10': mean } }
    }),
    comparisons: results.comparisons.map((c) => ({
      ...c,
      difference: means[c.retriever]! - means[c.baseline]!,
      interval: [0.01, 0.03],
      pAdjusted: 0.0012,
      significant: true,
      queries: 300,
    })),
    ...change,
  }
}

const insignificant = (results: StudyResults): StudyResults => ({
  ...results,
  comparisons: results.comparisons.map((c) => ({ ...c, significant: false, pAdjusted: 0.41, interval: [-0.01, 0.02] })),
})

describe('verdict on a collection', () => {
  it('calls a difference significant when it is, with the figures', () => {
    expect(texts(study({ bm25: 0.6789, minilm: 0.7012 }))).toEqual([
      'On scifact, minilm scores highest: nDCG@10 0.7012, +0.0223 over the baseline bm25 (0.6789), a significant difference (adjusted p = 0.0012, 95 % interval +0.0100 to +0.0300, 300 queries).',
    ])
  })

  it('does not claim more than the test when it is not', () => {
    const [verdict] = verdicts(insignificant(study({ bm25: 0.6789, minilm: 0.7012 })))
    expect(verdict!.tone).toBe('level')
    expect(verdictText(verdict!)).toContain('is not significant (adjusted p = 0.4100')
    expect(verdictText(verdict!)).toContain('do not show that it is better')
  })

  it('says that the runner-up was not tested against the best', () => {
    const [text] = texts(study({ bm25: 0.5, a: 0.7, b: 0.69 }))
    expect(text).toMatch(/The runner-up, b, is 0\.0100 lower; that pair was not tested\.$/)
  })

  it('says when nothing beats the baseline', () => {
    const [verdict] = verdicts(study({ bm25: 0.7, a: 0.6 }))
    expect(verdict!.tone).toBe('baseline')
    expect(verdictText(verdict!)).toContain(
      'nothing scores above the baseline bm25 (nDCG@10 0.7000). The closest, a, is 0.1000 lower',
    )
  })

  it('tells how those that share the top stand to the baseline', () => {
    const apart = study({ bm25: 0.6789, a: 0.7012, b: 0.7012 })
    const figures = (p: string, interval: string) => `(adjusted p = ${p}, 95 % interval ${interval}, 300 queries)`
    const significant = figures('0.0012', '+0.0100 to +0.0300')
    const open = figures('0.4100', '−0.0100 to +0.0200')
    expect(verdicts(apart)[0]!.tone).toBe('better')
    expect(texts(apart)).toEqual([
      `On scifact, a and b share the highest nDCG@10, 0.7012, +0.0223 over the baseline bm25 (0.6789): a: significant ${significant}; b: significant ${significant}.`,
    ])
    const mixed = {
      ...apart,
      comparisons: [
        ...apart.comparisons.filter((c) => c.retriever === 'a'),
        ...insignificant(apart).comparisons.filter((c) => c.retriever === 'b'),
      ],
    }
    expect(verdicts(mixed)[0]!.tone).toBe('level')
    expect(texts(mixed)[0]).toContain(`a: significant ${significant}; b: not significant ${open}.`)
    const withBaseline = insignificant(study({ bm25: 0.7, a: 0.7, b: 0.6 }))
    expect(verdicts(withBaseline)[0]!.tone).toBe('baseline')
    expect(texts(withBaseline)).toEqual([
      `On scifact, bm25 and a share the highest nDCG@10, 0.7000; bm25 is the baseline, nothing scores above it. Difference to it: not significant ${open}.`,
    ])
    expect(texts({ ...apart, comparisons: [], comparison: { ...apart.comparison, baseline: null } })[0]).toBe(
      'On scifact, a and b share the highest nDCG@10, 0.7012. The difference to the others was not tested, because the study sets no baseline.',
    )
  })

  it('names lone retrievers, missing baselines and failures', () => {
    expect(texts(study({ bm25: 0.7 }))[0]).toContain('there is nothing to compare it with')
    expect(texts(study({ bm25: null, a: 0.7, b: 0.6 }, { comparisons: [] }))[0]).toContain(
      'not tested, because the baseline has no result here',
    )
    expect(texts(study({ bm25: null }))[0]).toBe('On scifact, no trial gave a result.')
    const open = study({ a: 0.5, b: 0.6 })
    expect(texts({ ...open, comparisons: [], comparison: { ...open.comparison, baseline: null } })[0]).toContain(
      'not tested, because the study sets no baseline',
    )
  })

  it('does not call a p-value adjusted when none was corrected', () => {
    const results = study({ bm25: 0.6789, minilm: 0.7012 })
    const [text] = texts({ ...results, comparison: { ...results.comparison, correction: 'none' } })
    expect(text).toContain('(p = 0.0012')
  })
})

describe('verdict on all collections', () => {
  it('stands first, counts where differences are significant and says that averages are not tested', () => {
    const all = verdicts(studyFixture().results)
    expect(all.map((v) => v.collection)).toEqual([null, 'scifact', 'nfcorpus', 'cosqa'])
    expect(verdictText(all[0]!)).toMatch(
      /^Over 3 collections bge-base scores highest .* The average itself is not tested\.$/,
    )
  })

  it('counts for each of those that share the highest average', () => {
    const { results } = studyFixture({ collections: ['x', 'y'], measures: ['nDCG@10'], queries: 60 })
    const means: Record<string, number> = { 'bge-base': 0.7, 'minilm+bm25': 0.7, bm25: 0.5 }
    const tiedResults: StudyResults = {
      ...results,
      trials: results.trials.map((t) => ({ ...t, mean: { 'nDCG@10': means[t.retriever] ?? 0.1 } })),
      comparisons: results.comparisons.map((c) => ({
        ...c,
        difference: 0.2,
        significant: c.retriever === 'bge-base' || c.collection === 'x',
      })),
    }
    expect(texts(tiedResults)[0]).toBe(
      'Over 2 collections bge-base and minilm+bm25 share the highest average nDCG@10, 0.7000, +0.2000 over the baseline bm25: ' +
        'bge-base is significantly better on 2 of 2; minilm+bm25 is significantly better on 1 of 2 and not significantly different on 1. ' +
        'The average itself is not tested.',
    )
    const level = {
      ...tiedResults,
      trials: tiedResults.trials.map((t) => ({
        ...t,
        mean: { 'nDCG@10': t.retriever === 'bm25' || t.retriever === 'minilm' ? 0.7 : 0.1 },
      })),
    }
    expect(verdicts(level)[0]!.tone).toBe('baseline')
    expect(texts(level)[0]).toContain(
      'bm25 is the baseline, nothing scores above it. By collection, minilm is significantly better on 1 of 2',
    )
  })

  it('says that there is nothing to compare a lone retriever with', () => {
    const { results } = studyFixture({ retrievers: [{ id: 'bm25', kind: 'bm25', skill: 0.5 }], queries: 20 })
    expect(texts(results)[0]).toMatch(
      /^Over 3 collections bm25 has an average nDCG@10 of 0\.\d{4}; there is nothing to compare it with\.$/,
    )
  })

  it('admits only retrievers with a result on all of them', () => {
    const { results } = studyFixture({ failed: [['bge-base', 'cosqa']] })
    expect(texts(results)[0]).toContain('among the retrievers with a result on all of them')
    expect(texts(results)[0]).not.toContain('bge-base scores')
  })
})

describeShared('verdict on real scores', ['golden/stats/scores.json'], () => {
  it('does not call a lead of 0.0002 a finding', () => {
    expect(texts(scifactStudy())[0]).toContain(
      'its lead of +0.0002 over the baseline bm25_lucene (0.6789) is not significant',
    )
  })
})
