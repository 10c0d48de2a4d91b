import { expect, test } from 'vitest'
import type { Qrels, Run } from '../../data/types.ts'
import { findSuspects, topOf } from './suspects.ts'

const run = (rankings: Record<string, readonly string[]>): Run =>
  new Map(
    Object.entries(rankings).map(([query, ids]) => [
      query,
      { ids, scores: Float64Array.from(ids, (_, i) => ids.length - i) },
    ]),
  )

const qrels: Qrels = new Map([
  [
    'q1',
    new Map([
      ['good', 1],
      ['bad', 0],
    ]),
  ],
  ['q2', new Map([['other', 1]])],
  ['q3', new Map([['none', 0]])],
])

test('names what several retrievers put first and nobody judged, the most suspicious first', () => {
  const a = topOf('a', run({ q1: ['new', 'good', 'odd', 'bad'], q2: ['other', 'late'], q3: ['x'] }))
  const b = topOf('b', run({ q1: ['new', 'bad', 'good'], q2: ['late', 'other'], q3: ['x'] }))
  const found = findSuspects(qrels, [a, b])
  expect(found).toMatchObject({ pairs: 2, above: 1, queries: 2, judgedQueries: 3, retrievers: ['a', 'b'] })
  expect(found.examples).toEqual([
    { query: 'q1', document: 'new', ranks: { a: 1, b: 1 }, aboveRelevant: true },
    { query: 'q2', document: 'late', ranks: { a: 2, b: 1 }, aboveRelevant: false },
  ])
  expect(found.judged.a).toBeCloseTo((2 / 4 + 1 / 2 + 0) / 3, 12)
})

test('passes over the query’s own document, and ranks beyond the depth', () => {
  const rankings = { q1: ['q1', 'good', 'x1', 'x2', 'x3', 'x4', 'deep'] }
  const both = (removeSelf: boolean) =>
    findSuspects(
      qrels,
      ['a', 'b'].map((name) => topOf(name, run(rankings), 5, removeSelf)),
    ).examples.map(({ document }) => document)
  expect(both(false)).toEqual(['q1', 'x1', 'x2', 'x3'])
  expect(both(true)).toEqual(['x1', 'x2', 'x3', 'x4'])
})
