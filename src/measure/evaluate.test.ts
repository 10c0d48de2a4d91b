import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Qrels, Run } from '../data/types.ts'
import { evaluate, MEASURE_FAMILIES, type Measure, parseMeasure } from './index.ts'

const run = (queries: Record<string, Record<string, number>>): Run =>
  new Map(
    Object.entries(queries).map(([query, docs]) => [
      query,
      { ids: Object.keys(docs), scores: Float64Array.from(Object.values(docs)) },
    ]),
  )
const qrels = (queries: Record<string, Record<string, number>>): Qrels =>
  new Map(Object.entries(queries).map(([query, docs]) => [query, new Map(Object.entries(docs))]))

function value(measure: string, grades: Record<string, number>, docs: Record<string, number>): number {
  return evaluate(qrels({ q: grades }), run({ q: docs }), [parseMeasure(measure)]).mean.get(parseMeasure(measure).name)!
}

/** a is best, then b, c … */
const ranked = (ids: string) => Object.fromEntries([...ids].map((id, i) => [id, 100 - i]))

describe('measures that trec_eval does not have', () => {
  it('MRR@k and RR@k are cut', () => {
    expect(value('MRR@2', { c: 1 }, ranked('abc'))).toBe(0)
    expect(value('RR@3', { c: 1 }, ranked('abc'))).toBeCloseTo(1 / 3, 15)
  })

  it('Judged@k counts judgments of any grade, over what was retrieved', () => {
    expect(value('Judged@4', { a: 1, b: 0, c: -1 }, ranked('axbyc'))).toBe(0.5)
    expect(value('Judged@10', { a: 1, b: 0, c: -1 }, ranked('axbyc'))).toBe(0.6)
    expect(value('Judged@10', { a: 1 }, {})).toBe(0)
  })

  it('RBP weighs ranks by p^(rank − 1)', () => {
    expect(value('RBP', { a: 1, c: 2 }, ranked('abc'))).toBeCloseTo(0.2 * (1 + 0.64), 15)
    expect(value('RBP(p=0.5)@2', { a: 1, c: 2 }, ranked('abc'))).toBeCloseTo(0.5, 15)
    expect(value('RBP(p=0.5,rel=2)', { a: 1, c: 2 }, ranked('abc'))).toBeCloseTo(0.125, 15)
  })

  it('ERR@k follows its definition', () => {
    // Stop chances 3/16, 0, 1/16: 3/16 + (13/16)(1/16)/3.
    expect(value('ERR@3', { a: 2, c: 1 }, ranked('abc'))).toBeCloseTo(3 / 16 + (13 / 16 / 16) * (1 / 3), 15)
    expect(value('ERR(max_rel=2)@1', { a: 2 }, ranked('abc'))).toBeCloseTo(3 / 4, 15)
    expect(() => value('ERR@3', { a: 5 }, ranked('abc'))).toThrow(/grade 5/)
  })

  it('nDCG takes exponential and given gains', () => {
    const ideal = 7 + 1 / Math.log2(3)
    expect(value("nDCG(dcg='exp-log2')@10", { a: 1, b: 3 }, ranked('ab'))).toBeCloseTo(
      (1 + 7 / Math.log2(3)) / ideal,
      15,
    )
    expect(value('nDCG(gains={1:1,3:7})@10', { a: 1, b: 3 }, ranked('ab'))).toBeCloseTo(
      (1 + 7 / Math.log2(3)) / ideal,
      15,
    )
    expect(value('nDCG(gains={1:0})', { a: 1 }, ranked('a'))).toBe(0)
  })

  it('judged_only takes out documents without a grade', () => {
    const grades = { b: 1, c: -1, d: 1 }
    expect(value('P(judged_only=True)@2', grades, ranked('abcd'))).toBe(1)
    expect(value('P@2', grades, ranked('abcd'))).toBe(0.5)
  })

  it('SetRelP is SetP over the best possible', () => {
    expect(value('SetRelP', { a: 1, x: 1 }, ranked('abcd'))).toBe(0.5)
    expect(value('SetP(relative=True)', { a: 1, x: 1 }, ranked('abcd'))).toBe(0.5)
    expect(value('SetP', { a: 1, x: 1 }, ranked('abcd'))).toBe(0.25)
  })
})

describe('evaluation', () => {
  const measures = ['nDCG@10', 'NumRet'].map(parseMeasure)

  it("removes a query's own id when asked", () => {
    const judgments = qrels({ q: { d: 1 } })
    const results = run({ q: { q: 3, d: 2 } })
    expect(evaluate(judgments, results, measures).mean.get('nDCG@10')).toBeCloseTo(1 / Math.log2(3), 15)
    const removed = evaluate(judgments, results, measures, { removeSelf: true })
    expect(removed.mean.get('nDCG@10')).toBe(1)
    expect(removed.mean.get('NumRet')).toBe(1)
  })

  it('has no mean without queries', () => {
    expect(evaluate(qrels({ q: { d: 1 } }), run({}), measures, { complete: false }).mean.get('nDCG@10')).toBeNull()
    expect(evaluate(qrels({}), run({ q: { d: 1 } }), measures)).toMatchObject({ queries: 0, unjudged: ['q'] })
    expect(evaluate(qrels({ q: {} }), run({ q: { d: 1 } }), measures)).toMatchObject({ queries: 0, unjudged: ['q'] })
  })

  it('adds counts up', () => {
    const result = evaluate(qrels({ a: { d: 1 }, b: { d: 1 } }), run({ a: { d: 1, e: 0 } }), measures)
    expect(result.mean.get('NumRet')).toBe(2)
    expect([...result.perQuery.get('NumRet')!]).toEqual([
      ['a', 2],
      ['b', 0],
    ])
  })

  it('refuses rankings that cannot be right', () => {
    const judgments = qrels({ q: { d: 1 } })
    const bad = (ids: string[], scores: number[]) => () =>
      evaluate(judgments, new Map([['q', { ids, scores: Float64Array.from(scores) }]]), measures)
    expect(bad(['d', 'e', 'd'], [3, 2, 1])).toThrow(/document d stands twice/)
    expect(bad(['d', 'e'], [3, Number.NaN])).toThrow(/NaN/)
    expect(bad(['d', 'e'], [3])).toThrow(/2 documents but 1 scores/)
  })
})

describe('properties', () => {
  const id = fc.integer({ min: 0, max: 30 }).map((n) => `d${n}`)
  const judgments = fc.dictionary(id, fc.integer({ min: -2, max: 3 }), { minKeys: 1, maxKeys: 20 })
  const results = fc.dictionary(id, fc.constantFrom(0, 0.5, 1, 1 + 1e-9, 2, 3, 4), { maxKeys: 25 })
  const sample = fc.tuple(judgments, results)
  const all: Measure[] = MEASURE_FAMILIES.flatMap((family) =>
    family.cutoff === 'recall'
      ? [`${family.name}@0`, `${family.name}@0.3`, `${family.name}@1`]
      : [
          ...(family.cutoff === 'required' ? [] : [family.name]),
          ...(family.cutoff === 'none' ? [] : [`${family.name}@3`]),
        ],
  ).map(parseMeasure)
  const unbounded = ['utility', 'NumRet', 'NumRel', 'NumRelRet', 'NumQ', 'gm_map']
  const perQuery = (grades: Record<string, number>, docs: Record<string, number>, of = all) => {
    const result = evaluate(qrels({ q: grades }), run({ q: docs }), of)
    return of.map((measure) => result.perQuery.get(measure.name)!.get('q')!)
  }

  it('values lie between 0 and 1', () => {
    fc.assert(
      fc.property(sample, ([grades, docs]) => {
        perQuery(grades, docs).forEach((v, m) => {
          expect(Number.isFinite(v), all[m]!.name).toBe(true)
          if (unbounded.includes(all[m]!.family)) return
          expect(v, all[m]!.name).toBeGreaterThanOrEqual(0)
          expect(v, all[m]!.name).toBeLessThanOrEqual(1 + 1e-12)
        })
      }),
    )
  })

  it('the order of the lines does not matter', () => {
    fc.assert(
      fc.property(sample, fc.func(fc.integer()), ([grades, docs], key) => {
        const shuffle = (record: Record<string, number>) =>
          Object.fromEntries(Object.entries(record).sort(([a], [b]) => key(a) - key(b) || (a < b ? 1 : -1)))
        expect(perQuery(shuffle(grades), shuffle(docs))).toEqual(perQuery(grades, docs))
      }),
    )
  })

  it('an ideal ranking has nDCG, AP, RR, R and Rprec of 1, and nothing beats it', () => {
    const names = ['nDCG', 'nDCG@3', 'AP', 'RR', 'R@50', 'Rprec', 'Bpref'].map(parseMeasure)
    fc.assert(
      fc.property(sample, ([grades, docs]) => {
        fc.pre(Object.values(grades).some((g) => g > 0))
        const best = perQuery(grades, grades, names)
        for (const v of best) expect(v).toBeCloseTo(1, 12)
        for (const v of perQuery(grades, docs, names)) expect(v).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  it('documents without judgment at the end change no measure that looks at ranks', () => {
    const names = [
      'nDCG',
      'nDCG@10',
      'AP',
      'RR',
      'R@10',
      'P@10',
      'Bpref',
      'Rprec',
      'infAP',
      'ERR',
      'RBP',
      'binG',
      'ndcg_rel',
    ].map(parseMeasure)
    fc.assert(
      fc.property(sample, fc.integer({ min: 1, max: 5 }), ([grades, docs], tail) => {
        const longer = { ...docs }
        for (let i = 0; i < tail; i++) longer[`tail${i}`] = -1 - i
        expect(perQuery(grades, longer, names)).toEqual(perQuery(grades, docs, names))
      }),
    )
  })

  it('a higher cutoff never lowers recall, success and average precision', () => {
    fc.assert(
      fc.property(sample, ([grades, docs]) => {
        for (const name of ['R', 'Success', 'AP', 'RR'])
          for (let k = 1; k < 8; k++) {
            const [low, high] = perQuery(grades, docs, [parseMeasure(`${name}@${k}`), parseMeasure(`${name}@${k + 1}`)])
            expect(high).toBeGreaterThanOrEqual(low!)
          }
      }),
    )
  })
})
