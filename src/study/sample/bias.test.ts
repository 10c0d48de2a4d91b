import { describe, expect, it } from 'vitest'
import { type MeasuredRetriever, sampleBias } from './bias.ts'
import { extrapolate } from './extrapolate.ts'
import { restrictRun } from './restrict.ts'

const perQuery = (...values: number[]) => new Map(values.map((value, i) => [`q${i}`, value]))
const points = (...values: number[]) => values.map((value, i) => ({ documents: 1000 * 2 ** i, value }))

describe('sampleBias', () => {
  const measured: MeasuredRetriever[] = [
    { id: 'a', whole: perQuery(0.5, 0.5, 0.2, 0.4), sample: perQuery(0.5, 1, 0.2, 0.4), short: 0 },
    { id: 'b', whole: perQuery(0.4, 0.4, 0.3, 0.3), sample: perQuery(1, 0.4, 0.6, 0.8), short: 2 },
    { id: 'c', whole: perQuery(0, 0.1, 0, 0), sample: perQuery(0, 0.1, 0, 0.1), short: 0 },
  ]
  const { retrievers, ranking } = sampleBias(new Map([['nDCG@10', measured]]), 4, 5000).measures['nDCG@10']!

  it('is the score on the sample less that on the whole, with its spread over queries', () => {
    const [a] = retrievers
    expect(a).toMatchObject({ id: 'a', how: 'measured', whole: 0.4, points: null, short: 0 })
    expect(a!.sample).toBeCloseTo(0.525, 12)
    expect(a!.bias).toBeCloseTo(0.125, 12)
    expect(a!.spread).toMatchObject({ p5: 0, p95: 0.5, changed: 0.25 })
    expect(a!.spread!.sd).toBeCloseTo(0.25, 12)
    expect(retrievers[1]!.short).toBe(2)
  })

  it('tells pairs that change places, and the one that differs most on the whole', () => {
    expect(ranking.pairs).toBe(3)
    expect(ranking.swapped).toBe(1)
    expect(ranking.tau).toBeCloseTo(1 / 3, 12)
    expect(ranking.largest).toMatchObject({ better: 'a', worse: 'b' })
    expect(ranking.largest!.whole).toBeCloseTo(0.05, 12)
    expect(ranking.largest!.sample).toBeCloseTo(-0.175, 12)
  })

  it('counts pairs that differ significantly on the whole, and those of them that keep their order', () => {
    // a and b are both far above c on every query; a and b cannot be told apart.
    const many = (shift: number) => perQuery(...Array.from({ length: 40 }, (_, i) => 0.4 + shift + (i % 5) / 50))
    const { ranking: kept } = sampleBias(
      new Map([
        [
          'nDCG@10',
          [
            { id: 'a', whole: many(0), sample: many(0), short: 0 },
            { id: 'b', whole: perQuery(...[...many(0).values()].toReversed()), sample: many(0.1), short: 0 },
            { id: 'c', whole: many(-0.3), sample: many(0.05), short: 0 },
          ],
        ],
      ]),
      40,
      5000,
    ).measures['nDCG@10']!
    expect(kept.significant).toEqual({ pairs: 2, kept: 1 })
  })

  it('estimates where there are points only, and then tests nothing', () => {
    const estimated = sampleBias(
      new Map([['R@100', [measured[0]!, { id: 'd', whole: points(0.8, 0.7, 0.65), sample: perQuery(0.8), short: 0 }]]]),
      4,
      8000,
    ).measures['R@100']!
    expect(estimated.retrievers[1]).toMatchObject({ how: 'estimated', spread: null })
    expect(estimated.retrievers[1]!.whole).toBeCloseTo(0.625, 12)
    expect(estimated.retrievers[1]!.bias).toBeCloseTo(0.175, 12)
    expect(estimated.ranking.significant).toBeNull()
  })
})

describe('extrapolate', () => {
  it('follows a score that loses half as much with every doubling', () => {
    const score = (doublings: number) => 0.5 + 0.2 * 0.5 ** doublings
    const [estimate] = extrapolate([points(score(0), score(1), score(2))], 16_000)
    expect(estimate).toBeCloseTo(score(4), 12)
  })

  it('follows a straight line over the logarithm, and no steeper one', () => {
    expect(extrapolate([points(0.8, 0.7, 0.6)], 16_000)[0]).toBeCloseTo(0.4, 12)
    expect(extrapolate([points(0.8, 0.75, 0.65)], 8000)[0]).toBeCloseTo(0.55, 12)
  })

  it('claims no fall where the points show none, and gives the largest point for its own size', () => {
    expect(extrapolate([points(0.6, 0.6, 0.61)], 64_000)).toEqual([0.61])
    expect(extrapolate([points(0.8, 0.7, 0.6)], 4000)).toEqual([0.6])
    expect(extrapolate([points(0.8, 0.7)], 2000)).toEqual([0.7])
  })

  it('takes the shape from all retrievers together', () => {
    const [noisy, smooth] = extrapolate([points(0.5, 0.5, 0.49), points(0.8, 0.7, 0.65)], 8000)
    // The doublings took off 0.1 and 0.06 in all.
    expect(noisy).toBeCloseTo(0.49 - 0.01 * 0.6, 12)
    expect(smooth).toBeCloseTo(0.65 - 0.05 * 0.6, 12)
  })
})

describe('restrictRun', () => {
  const run = new Map([
    ['q1', { ids: ['a', 'b', 'c', 'd'], scores: Float64Array.of(1, 4, 3, 2) }],
    ['q2', { ids: ['a'], scores: Float64Array.of(1) }],
  ])

  it('keeps the documents of the sample in the order of their scores', () => {
    const { run: left, short } = restrictRun(run, new Set(['a', 'b', 'd']), 2)
    expect(left.get('q1')).toEqual({ ids: ['b', 'd'], scores: Float64Array.of(4, 2) })
    expect(short).toBe(0)
  })

  it('counts queries that have too few left, but not those whose run ended by itself', () => {
    expect(restrictRun(run, new Set(['a', 'x', 'y']), 3).short).toBe(1)
    expect(restrictRun(run, null, 3)).toMatchObject({ short: 0 })
  })
})
