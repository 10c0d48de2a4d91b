import { findDataset } from '../../src/data/registry/index.ts'
import { publishedRows } from '../../src/study/published.ts'
import type { Evidence, StudyResults } from '../../src/study/results.ts'
import { type FixtureOptions, studyFixture } from './study-fixture.ts'

/** A study on SciFact with its official counts, on a CosQA of another corpus, and on a collection of the user's own. */
export function publishedFixture(options: FixtureOptions = {}): { results: StudyResults; evidence: Evidence } {
  const { results, evidence } = studyFixture({
    collections: ['scifact', 'cosqa', 'own'],
    measures: ['nDCG@10', 'R@100'],
    ...options,
  })
  const ids = ['beir/scifact', 'coir/cosqa', undefined]
  const collections = results.collections.map((collection, i) => {
    const dataset = ids[i] === undefined ? undefined : findDataset(ids[i])!
    if (dataset === undefined) return { ...collection, known: null }
    const { documents, queries } = dataset
    return {
      ...collection,
      documents: i === 1 ? 6_267 : documents!,
      queries: queries!,
      removeSelf: false,
      findings: [],
      known: { dataset: dataset.id, by: 'counts', content: 'unchecked' } as const,
    }
  })
  const study = { ...results, collections }
  return { results: { ...study, published: publishedRows(study) }, evidence }
}
