import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds } from '../data/id-order.ts'
import type { Run } from '../data/types.ts'
import {
  FUSION_METHODS,
  type FusionMethod,
  type FusionOptions,
  fuse,
  fusionOptions,
  NORMALISATIONS,
  type Normalisation,
} from './index.ts'
import { majority } from './methods/condorcet.ts'
import { methodOf } from './registry.ts'
import { candidatesOf, tableOf } from './table.ts'

const run = (queries: Record<string, Record<string, number>>): Run =>
  new Map(
    Object.entries(queries).map(([query, docs]) => [
      query,
      { ids: Object.keys(docs), scores: Float64Array.from(Object.values(docs)) },
    ]),
  )
const list = (fused: Run, query = 'q') => {
  const { ids, scores } = fused.get(query)!
  return ids.map((id, i) => [id, scores[i]] as const)
}

const bm25 = run({ q: { a: 12, b: 8, c: 4 } })
const dense = run({ q: { b: 0.9, d: 0.7, a: 0.5 } })

describe('fusion', () => {
  it('by reciprocal ranks', () => {
    expect(list(fuse([bm25, dense], { method: 'rrf' }))).toEqual([
      ['b', 1 / 62 + 1 / 61],
      ['a', 1 / 61 + 1 / 63],
      ['d', 1 / 62],
      ['c', 1 / 63],
    ])
    expect(list(fuse([bm25, dense], { method: 'rrf', k: 0 }))[0]).toEqual(['b', 1.5])
  })

  it('by a weighted sum of min–max scores', () => {
    const fused = list(fuse([bm25, dense], { method: 'wsum', weights: [0.25, 0.75] }))
    expect(fused.map(([id]) => id)).toEqual(['b', 'd', 'a', 'c'])
    expect(fused.map(([, score]) => score)).toEqual([
      expect.closeTo(0.25 * 0.5 + 0.75, 14),
      expect.closeTo(0.75 * 0.5, 14),
      expect.closeTo(0.25, 14),
      0,
    ])
  })

  it('by mean ± 3σ, equal scores and single documents in the middle', () => {
    const fused = list(fuse([run({ q: { a: 3, b: 2, c: 1 } }), run({ q: { b: 7 } })], { method: 'dbsf' }))
    const sigma = Math.sqrt(2 / 3)
    expect(fused.map(([id]) => id)).toEqual(['b', 'a', 'c'])
    expect(fused.map(([, score]) => score)).toEqual([
      1,
      expect.closeTo(0.5 + 1 / (6 * sigma), 14),
      expect.closeTo(0.5 - 1 / (6 * sigma), 14),
    ])
  })

  it('by weighted reciprocal ranks', () => {
    expect(list(fuse([bm25, dense], { method: 'wrrf', weights: [0.9, 0.1], k: 10 }))).toEqual([
      ['a', expect.closeTo(0.9 / 11 + 0.1 / 13, 14)],
      ['b', expect.closeTo(0.9 / 12 + 0.1 / 11, 14)],
      ['c', expect.closeTo(0.9 / 13, 14)],
      ['d', expect.closeTo(0.1 / 12, 14)],
    ])
  })

  it('weighs all runs alike without weights', () => {
    const equal = list(fuse([bm25, dense], { method: 'wsum', weights: [0.5, 0.5] }))
    expect(list(fuse([bm25, dense], { method: 'wsum' }))).toEqual(equal)
  })

  it('cuts at the depth, and breaks ties by id descending in bytes', () => {
    const one = run({ q: { d10: 3, '\uFF61': 2 } })
    const other = run({ q: { d9: 3, '\u{1F600}': 2 } })
    const all = list(fuse([one, other], { method: 'rrf' })).map(([id]) => id)
    expect(all).toEqual(['d9', 'd10', '\u{1F600}', '\uFF61'])
    expect(list(fuse([one, other], { method: 'rrf', depth: 3 })).map(([id]) => id)).toEqual(all.slice(0, 3))
  })

  it('ranks ties within a run by id descending, or as given', () => {
    const tied = run({ q: { a: 1, b: 1 } })
    const other = run({ q: { c: 1 } })
    expect(list(fuse([tied, other], { method: 'rrf' })).map(([id]) => id)).toEqual(['c', 'b', 'a'])
    expect(list(fuse([tied, other], { method: 'rrf', ties: 'given' })).map(([id]) => id)).toEqual(['c', 'a', 'b'])
  })

  it('takes a run without a query as one that found nothing', () => {
    const one = run({ p: { a: 2, b: 1 }, q: { a: 1 } })
    const other = run({ q: { a: 1 }, r: { c: 1 } })
    const fused = fuse([one, other], { method: 'rrf' })
    expect([...fused.keys()]).toEqual(['p', 'q', 'r'])
    expect(list(fused, 'p')).toEqual([
      ['a', 1 / 61],
      ['b', 1 / 62],
    ])
    for (const method of FUSION_METHODS)
      for (const normalisation of NORMALISATIONS)
        for (const ranking of fuse([one, other], { method, normalisation }).values())
          expect(ranking.scores.every(Number.isFinite), `${method} ${normalisation}`).toBe(true)
  })

  it('as PromptReps does: a run without the query is replaced by the other', () => {
    const one = run({ p: { a: 9, b: 7, c: 5 }, q: { a: 4, b: 2, c: 0 } })
    const other = run({ q: { c: 30, d: 20, b: 10 } })
    const hybrid = fuse([one, other], { method: 'promptreps-hybrid', alpha: 0.75 })
    expect(list(hybrid, 'q')).toEqual([
      ['a', 0.75],
      ['b', 0.375],
      ['c', 0.25],
      ['d', 0.125],
    ])
    const alone = [
      ['a', 1],
      ['b', 0.5],
      ['c', 0],
    ]
    expect(list(hybrid, 'p')).toEqual(alone)
    expect(list(fuse([other, one], { method: 'promptreps-hybrid', alpha: 1 }), 'p')).toEqual(alone)
    // An empty ranking says the same as no ranking.
    other.set('p', { ids: [], scores: new Float64Array(0) })
    expect(list(fuse([one, other], { method: 'promptreps-hybrid', alpha: 0 }), 'p')).toEqual(alone)
    const sum = fuse([one, other], { method: 'wsum', weights: [0.75, 0.25] })
    expect(list(sum, 'q')).toEqual(list(hybrid, 'q'))
    expect(list(sum, 'p')[0]).toEqual(['a', 0.75])
  })

  it('as PromptReps does: equal scores become 0, and what lies beyond 1,000 does not count', () => {
    const flat = run({ q: { a: 3, b: 3 } })
    const deep = run({ q: Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`d${i}`, 1999 - i])) })
    const hybrid = fuse([flat, deep], { method: 'promptreps-hybrid' })
    expect(hybrid.get('q')!.ids).toHaveLength(1002)
    const scores = new Map(list(hybrid))
    expect([scores.get('a'), scores.get('d0'), scores.get('d500'), scores.get('d999')]).toEqual([
      0,
      0.5,
      0.5 * (499 / 999),
      0,
    ])
    expect(scores.has('d1000')).toBe(false)
    expect(fuse([flat, deep], { method: 'promptreps-hybrid', depth: 10 }).get('q')!.ids).toHaveLength(10)
  })

  it('refuses what cannot be fused', () => {
    const twice: Run = new Map([['q', { ids: ['a', 'a'], scores: Float64Array.of(2, 1) }]])
    expect(() => fuse([bm25], { method: 'rrf' })).toThrow(/two runs/)
    expect(() => fuse([], { method: 'rrf' })).toThrow(/two runs/)
    expect(() => fuse([bm25, twice], { method: 'rrf' })).toThrow(/document a stands twice/)
    expect(() => fuse([bm25, run({ q: { z: Number.NaN } })], { method: 'rrf' })).toThrow(/document z .* NaN/)
    expect(() => fuse([bm25, run({ q: { z: Infinity } })], { method: 'sum' })).toThrow(/fused score .* NaN/)
    expect(() => fuse([bm25, dense], { method: 'wsum', weights: [1] })).toThrow(/1 weights for 2 runs/)
    expect(() => fuse([bm25, dense, bm25], { method: 'promptreps-hybrid' })).toThrow(/takes 2 runs, not 3/)
    expect(() => fusionOptions({ method: 'promptreps-hybrid' }, 3)).toThrow(/takes 2 runs, not 3/)
  })
})

describe('options', () => {
  it('get their defaults', () => {
    expect(fusionOptions({ method: 'rrf' })).toEqual({ method: 'rrf', normalisation: 'none', k: 60 })
    expect(fusionOptions({ method: 'wsum', weights: [1, 2] })).toEqual({
      method: 'wsum',
      normalisation: 'min-max',
      weights: [1, 2],
    })
    expect(fusionOptions({ method: 'promptreps-hybrid' }, 2)).toEqual({
      method: 'promptreps-hybrid',
      normalisation: 'min-max',
      alpha: 0.5,
    })
    expect(fusionOptions({ method: 'rbc' })).toEqual({ method: 'rbc', normalisation: 'none', phi: 0.8 })
    const once = fusionOptions({ method: 'gmnz', depth: 5 })
    expect(fusionOptions(once)).toEqual(once)
  })

  it.each<[Partial<FusionOptions> | Record<string, unknown>, RegExp, RegExp]>([
    [{ method: 'rff' }, /no fusion method rff/, /Did you mean rrf/],
    [{ method: 'wsum', normalisation: 'minmax' }, /no normalisation minmax/, /Did you mean min-max/],
    [{ method: 'wsum', normalisation: 'toString' }, /no normalisation toString/, /Known/],
    [{ method: 'wsum', k: 60 }, /wsum has no parameter k/, /none/],
    [{ method: 'rrf', phi: 0.5 }, /rrf has no parameter phi/, /It has k/],
    [{ method: 'rrf', k: -1 }, /k of the fusion cannot be -1/, /from 0 on/],
    [{ method: 'rbc', phi: 1 }, /phi of the fusion cannot be 1/, /below 1/],
    [{ method: 'promptreps-hybrid', alpha: 1.1 }, /alpha of the fusion cannot be 1.1/, /from 0 to 1/],
    [{ method: 'promptreps-hybrid', weights: [0.5, 0.5] }, /takes no weights/, /wsum/],
    [{ method: 'wsum', alpha: 0.5 }, /wsum has no parameter alpha/, /none/],
    [{ method: 'rrf', weights: [1, 1] }, /rrf takes no weights/, /wsum/],
    [{ method: 'wsum', weights: [1, Number.NaN] }, /must be numbers/, /one number/],
    [{ method: 'rrf', depth: 0 }, /cut at 0/, /from 1 on/],
    [{ method: 'rrf', ties: 'random' }, /Ties cannot be broken by random/, /Known/],
  ])('%j is refused', (given, message, hint) => {
    const error = expect.objectContaining({
      code: 'USAGE',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
    expect(() => fusionOptions(given as FusionOptions)).toThrow(error)
  })
})

describe('properties', () => {
  const docs = fc.dictionary(
    fc.integer({ min: 0, max: 12 }).map((n) => `d${n}`),
    fc.oneof(fc.integer({ min: -3, max: 6 }), fc.double({ min: -10, max: 10, noNaN: true })),
    { minKeys: 1, maxKeys: 9 },
  )
  const lists = fc.array(docs, { minLength: 2, maxLength: 4 })
  const method = fc.constantFrom<FusionMethod>(...FUSION_METHODS)
  const normalisation = fc.constantFrom<Normalisation>(...NORMALISATIONS)
  const runs = (given: readonly Record<string, number>[]) => given.map((d) => run({ q: d }))
  /** As many of the lists as the method takes. */
  const taken = (m: FusionMethod, given: readonly Record<string, number>[]) => given.slice(0, methodOf(m).runs)

  it('a fusion has each document of its runs once, best first, with a finite score', () => {
    fc.assert(
      fc.property(lists, method, normalisation, (all, m, n) => {
        const given = taken(m, all)
        const fused = list(fuse(runs(given), { method: m, normalisation: n }))
        expect(fused.map(([id]) => id).sort()).toEqual([...new Set(given.flatMap((d) => Object.keys(d)))].sort())
        fused.forEach(([id, score], i) => {
          expect(Number.isFinite(score)).toBe(true)
          if (i === 0) return
          const [before, higher] = fused[i - 1]!
          expect(higher! > score! || (higher === score && compareIds(before, id) > 0)).toBe(true)
        })
      }),
    )
  })

  it('the order of the runs and of their lines does not matter', () => {
    fc.assert(
      fc.property(lists, method, normalisation, (all, m, n) => {
        const given = taken(m, all)
        const forwards = new Map(list(fuse(runs(given), { method: m, normalisation: n })))
        const turned = given.toReversed().map((d) => Object.fromEntries(Object.entries(d).reverse()))
        for (const [id, score] of list(fuse(runs(turned), { method: m, normalisation: n })))
          expect(Math.abs(score! - forwards.get(id)!)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(score!)))
      }),
    )
  })

  it('a run fused with itself keeps its order', () => {
    fc.assert(
      fc.property(docs, method, (given, m) => {
        fc.pre(m !== 'log_isr' && new Set(Object.values(given)).size === Object.keys(given).length)
        const gaps = Object.values(given).sort((a, b) => a - b)
        fc.pre(gaps.every((x, i) => i === 0 || x - gaps[i - 1]! > 1e-6))
        const best = Object.keys(given).sort((a, b) => given[b]! - given[a]!)
        expect(list(fuse(runs([given, given]), { method: m })).map(([id]) => id)).toEqual(best)
      }),
    )
  })

  it('methods on ranks do not see the size of scores', () => {
    fc.assert(
      fc.property(lists, method, (given, m) => {
        fc.pre(methodOf(m).on === 'ranks')
        const doubled = given.map((d) => Object.fromEntries(Object.entries(d).map(([id, s]) => [id, s * 4])))
        expect(list(fuse(runs(doubled), { method: m }))).toEqual(list(fuse(runs(given), { method: m })))
      }),
    )
  })

  it('no neighbour in a Condorcet order is beaten by the one behind it', () => {
    fc.assert(
      fc.property(lists, (given) => {
        const order = fuse(runs(given), { method: 'condorcet' }).get('q')!.ids
        const rankings = given.map((d) => {
          const ids = Object.keys(d).sort((a, b) => d[b]! - d[a]! || compareIds(b, a))
          return { ids, scores: Float64Array.from(ids, (id) => d[id]!) }
        })
        const ids = candidatesOf(rankings)
        const table = tableOf(rankings, ids)
        for (let i = 1; i < order.length; i++)
          expect(majority(table, ids.indexOf(order[i - 1]!), ids.indexOf(order[i]!))).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
