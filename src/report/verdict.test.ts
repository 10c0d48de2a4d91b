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

  it('names ties, lone retrievers, missing baselines and failures', () => {
    expect(texts(study({ bm25: 0.7, a: 0.7 }))[0]).toContain('share the highest nDCG@10, 0.7000.')
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
