import { describe, expect, it } from 'vitest'
import type { Run } from '../../data/types.ts'
import { domainShares, gapBetween, topScores } from './index.ts'

const domainOf = (id: string) => id.split(':')[0]!
const run: Run = new Map(
  Object.entries({
    'a:1': [
      ['a:x', 0.9],
      ['b:y', 0.5],
      ['b:z', 0.4],
      ['a:w', 0.1],
    ],
    'a:2': [
      ['b:y', 0.8],
      ['a:x', 0.7],
    ],
    'b:1': [['b:y', 0.3]],
    'b:2': [['a:x', 0.2]],
  }).map(([query, documents]) => [
    query,
    {
      ids: documents.map(([id]) => id as string),
      scores: Float64Array.from(documents, ([, score]) => score as number),
    },
  ]),
)

describe('domainShares', () => {
  it('are means over queries of where their first documents come from', () => {
    const of = (own: string, k: number, queries = [`${own}:1`, `${own}:2`, `${own}:3`]) =>
      domainShares(run, queries, own, ['a', 'b', 'c'], domainOf, k)
    expect(of('a', 10)).toEqual({ shares: { a: 0.5, b: 0.5, c: 0 }, wrong: 0.5, queries: 2 })
    expect(of('a', 3)!.shares.a).toBeCloseTo((1 / 3 + 1 / 2) / 2)
    expect(of('b', 1)).toEqual({ shares: { a: 0.5, b: 0.5, c: 0 }, wrong: 0.5, queries: 2 })
    expect(of('a', 1, ['a:9'])).toBeNull()
  })
})

describe('topScores', () => {
  it('tell how a domain is scored beside the others', () => {
    const queries = new Map([
      ['a', ['a:1', 'a:2']],
      ['b', ['b:1', 'b:2']],
      ['c', ['c:1']],
    ])
    const found = topScores(run, queries, domainOf)
    // Best own documents: 0.9, 0.7 and 0.3; b:2 found none of its own.
    const mean = (0.9 + 0.7 + 0.3) / 3
    const spread = Math.sqrt(((0.9 - mean) ** 2 + (0.7 - mean) ** 2 + (0.3 - mean) ** 2) / 2)
    const a = found.get('a')!
    expect(a.queries).toBe(2)
    expect(a.mean).toBeCloseTo(0.8)
    expect(a.deviation).toBeCloseTo(Math.SQRT2 / 10)
    expect(a.shift).toBeCloseTo((0.8 - mean) / spread)
    expect(a.lead).toBeCloseTo((0.4 - 0.1) / 2 / spread)
    expect(found.get('b')).toMatchObject({ queries: 1, mean: 0.3, deviation: 0, lead: null })
    expect(found.get('c')).toBeNull()
  })
})

describe('gapBetween', () => {
  const rows = (...all: number[][]) => ({ vectors: Float32Array.from(all.flat()), dimension: 2 })
  it('is the distance of the means of vectors of length 1', () => {
    const gap = gapBetween(rows([2, 0], [5, 0]), rows([0, 3], [0, 1], [0, 0]))!
    expect(gap.distance).toBeCloseTo(Math.SQRT2)
    expect(gap.relative).toBeNull()
    expect(gapBetween(rows([1, 0], [0, 1]), rows([0, 1], [1, 0]))).toMatchObject({ distance: 0, relative: 0 })
    const wide = gapBetween(rows([1, 0], [0, 1]), rows([-1, 0], [0, -1]))!
    expect(wide.distance).toBeCloseTo(Math.SQRT2)
    expect(wide.relative).toBeCloseTo(Math.SQRT2 / Math.SQRT1_2)
    expect(gapBetween(rows([0, 0]), rows([1, 0]))).toBeNull()
  })
})
