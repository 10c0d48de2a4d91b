import { describe, expect, it } from 'vitest'
import { diagnosticsFixture, type SpaceFixture } from '../../../test/support/space-fixture.ts'
import { studyFixture } from '../../../test/support/study-fixture.ts'
import type { StudyResults } from '../../study/results.ts'
import { faultLines, spaceFindings } from './findings.ts'

const base = studyFixture({
  collections: ['scifact'],
  retrievers: [
    { id: 'bm25', kind: 'bm25', skill: 0.5 },
    { id: 'a', kind: 'dense', skill: 0.5 },
    { id: 'b', kind: 'dense', skill: 0.4 },
  ],
  queries: 100,
}).results

/** A study in which nothing is cut, and whose retriever `a` has such a space. */
function study(space: SpaceFixture, documents = 1000, queries = 100): StudyResults {
  return {
    ...base,
    collections: base.collections.map((c) => ({ ...c, documents, queries })),
    trials: base.trials.map((t) => ({ ...t, cost: { ...t.cost, truncatedDocuments: 0.1 } })),
    spaces: [
      { retriever: 'a', collection: 'scifact', diagnostics: diagnosticsFixture(space), comparisons: [] },
      { retriever: 'b', collection: 'scifact', diagnostics: diagnosticsFixture(), comparisons: [] },
    ],
  }
}

const said = (results: StudyResults) =>
  spaceFindings(results).map(({ kind, findings }) => [kind, ...findings.map((f) => `${f.retriever}: ${f.figure}`)])

describe('what is striking about a space', () => {
  it('is nothing where it is healthy, also exactly at the limits of the cone and of what is cut', () => {
    expect(said(study({}))).toEqual([])
    expect(said(study({ cosine: 0.8 }))).toEqual([])
  })

  it('is a cone from a mean cosine above 0.8', () => {
    expect(said(study({ cosine: 0.81 }))).toEqual([['cone', 'a: 0.81']])
  })

  it('is a rank below a tenth of what dimension and vectors allow, whichever is less', () => {
    expect(said(study({ rank: 38 }))).toEqual([['rank', 'a: 38.0 of 384']])
    expect(said(study({ rank: 39 }))).toEqual([])
    expect(said(study({ rank: 12, documents: 101 }))).toEqual([])
    expect(said(study({ rank: 9, documents: 101 }))).toEqual([['rank', 'a: 9.0 of 100']])
  })

  it('is a hub in half of the lists, unless chance comes near to it or there are too few queries', () => {
    expect(said(study({ hub: { id: 'd7', count: 50 } }))).toEqual([['hub', 'a: hub d7 in 50 of 100 lists']])
    expect(said(study({ hub: { id: 'd7', count: 49 } }))).toEqual([])
    expect(said(study({ hub: { id: 'd7', count: 50 } }, 50)).flat()).not.toContain('hub')
    expect(said(study({ hub: { id: 'd7', count: 9 } }, 1000, 9))).toEqual([])
    expect(said(study({ hub: null }))).toEqual([])
  })

  it('is a share of documents never found that chance does not explain', () => {
    // Of 1000 documents 100 queries leave out 37 % by chance: too much to tell. Of 400 it is (1 − 10/400)^100.
    expect(said(study({ absent: 0.75 }, 1000))).toEqual([])
    expect(said(study({ absent: 0.75 }, 400))[0]).toEqual([
      'absent',
      'a: 75.0 % of documents never found, 8.0 % by chance',
      'b: 75.0 % of documents never found, 8.0 % by chance',
    ])
  })

  it('is a mean query as far from the mean document as vectors are from their own', () => {
    // Mean cosine 0.1: the spread is about √0.9.
    expect(said(study({ shift: 0.76 }))).toEqual([['shift', 'a: 0.80 × the spread']])
    expect(said(study({ shift: 0.74 }))).toEqual([])
    expect(said(study({ shift: 0.3, cosine: 0.79 }))).toEqual([])
    expect(said(study({ shift: 1, queries: 9 }))).toEqual([])
    expect(said(study({ shift: 30, normalised: false }))).toEqual([])
  })

  it('is a vector that is near to nothing, before all else', () => {
    expect(said(study({ notFinite: 2, zeros: 1, cosine: 0.9 }))).toEqual([
      ['broken', 'a: 3 of 1,000 documents'],
      ['cone', 'a: 0.90'],
    ])
  })

  it('tells which retrievers had more than a tenth of the documents cut, also those without a space', () => {
    const cut = study({})
    const trials = cut.trials.map((t) =>
      t.retriever === 'b' ? { ...t, cost: { ...t.cost, truncatedDocuments: 0.101 } } : t,
    )
    expect(said({ ...cut, trials, spaces: [] })).toEqual([['cut', 'b: 10.1 % of documents cut']])
  })

  it('is a line per retriever for the terminal, faults only, with the number of other collections', () => {
    const faulty = study({ cosine: 0.9, shift: 0.5, hub: { id: 'd7', count: 100 } })
    expect(faultLines(faulty)).toEqual(['a: hub d7 in 100 of 100 lists; queries lie 1.59 × the spread from documents'])
    expect(faultLines(study({ cosine: 0.9 }))).toEqual([])
    const alike = ['a', 'b', 'c', 'd'].map((retriever) => ({ ...faulty.spaces[0]!, retriever }))
    expect(faultLines({ ...faulty, spaces: alike.slice(0, 3) }, (id) => id.toUpperCase())[0]).toMatch(
      /^A, B and C: hub d7/,
    )
    expect(faultLines({ ...faulty, spaces: alike })[0]).toMatch(/^a and 3 more: hub d7/)
    const other = faulty.spaces.map((space) => ({ ...space, collection: 'cosqa' }))
    const two = {
      ...faulty,
      collections: [...faulty.collections, { ...faulty.collections[0]!, name: 'cosqa' }],
      spaces: [...faulty.spaces, ...other],
    }
    expect(faultLines(two)).toEqual([
      'a: hub d7 in 100 of 100 lists on scifact and 1 more; queries lie 1.59 × the spread from documents on scifact and 1 more',
    ])
  })
})
