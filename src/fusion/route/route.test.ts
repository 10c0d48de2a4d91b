import { describe, expect, it } from 'vitest'
import type { Run } from '../../data/types.ts'
import { queryFeatures } from './features.ts'
import { routeOptions } from './options.ts'
import { type RouteData, routedWorth } from './regression.ts'
import { fitRidge } from './ridge.ts'
import { listFeatures, pairFeatures } from './score-features.ts'
import { fitStumps } from './stumps.ts'
import { TERM_FEATURES, termFeatures } from './term-features.ts'
import { TEXT_FEATURES, textFeatures } from './text-features.ts'

const list = (scores: readonly number[], prefix = 'd') => ({
  ids: scores.map((_, i) => `${prefix}${i}`),
  scores: Float64Array.from(scores),
})
const featureOf = (text: string, name: (typeof TEXT_FEATURES)[number]) =>
  textFeatures(text)[TEXT_FEATURES.indexOf(name)]

/** Numbers between 0 and 1 without pattern, always the same. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function linearData(rows: number, error: number): RouteData {
  const next = noise(7)
  const features = Array.from({ length: rows }, () => [next() * 10, next(), 5])
  const worth = features.map(([a, b]) => [0.05 * a! + error * next(), 0.8 - 0.05 * a! + error * next(), 0.3 * b!])
  return { features, worth }
}

describe('features of a query', () => {
  it('tell code, questions and plain words apart', () => {
    expect(featureOf('why does parseInt() return NaN?', 'question word')).toBe(1)
    expect(featureOf('why does parseInt() return NaN?', 'question mark')).toBe(1)
    expect(featureOf('why does parseInt() return NaN?', 'names in code style')).toBeCloseTo(1 / 5)
    expect(featureOf('read_csv(path, sep=";")', 'code-like characters')).toBeGreaterThan(0.2)
    expect(featureOf('vitamin D and the immune system', 'code-like characters')).toBe(0)
    expect(featureOf('vitamin D and the immune system', 'function words')).toBeCloseTo(2 / 6)
    expect(textFeatures('').every((x) => x === 0)).toBe(true)
    expect(textFeatures('  ').every(Number.isFinite)).toBe(true)
  })

  it('tell the shape of scores', () => {
    const flat = listFeatures(list([1, 0.99, 0.98, 0.97]))
    const steep = listFeatures(list([1, 0.1, 0.05, 0]))
    expect(flat[1]).toBeLessThan(steep[1]!)
    expect(flat[4]).toBeGreaterThan(steep[4]!)
    for (const features of [
      flat,
      steep,
      listFeatures(list([3])),
      listFeatures(list([2, 2, 2])),
      listFeatures(list([])),
    ])
      expect(features.every(Number.isFinite)).toBe(true)
    expect(pairFeatures(list([3, 2, 1]), list([3, 2, 1]))).toEqual([1, 1])
    expect(pairFeatures(list([3, 2, 1]), list([3, 2, 1], 'x'))).toEqual([0, 0])
    expect(pairFeatures(list([]), list([]))).toEqual([0, 0])
  })

  it('tell how rare the query’s words are in the collection', () => {
    const statistics = {
      documents: 100,
      occurrences: 1000,
      terms: [
        { queryFrequency: 2, documentFrequency: 10, collectionFrequency: 20 },
        { queryFrequency: 1, documentFrequency: 50, collectionFrequency: 200 },
        { queryFrequency: 1, documentFrequency: 1, collectionFrequency: 1 },
      ],
    }
    const [most, mean, mostScq, meanScq, clarity] = termFeatures(statistics)
    expect(most).toBeCloseTo(Math.log(100), 12)
    expect(mean).toBeCloseTo((2 * Math.log(10) + Math.log(2) + Math.log(100)) / 4, 12)
    const scq = [(1 + Math.log(20)) * Math.log(11), (1 + Math.log(200)) * Math.log(3), Math.log(101)]
    expect(mostScq).toBeCloseTo(Math.max(...scq), 12)
    expect(meanScq).toBeCloseTo((2 * scq[0]! + scq[1]! + scq[2]!) / 4, 12)
    // Half, a quarter and a quarter of the query; 2 %, 20 % and 0.1 % of the collection.
    const parts = [0.5 * Math.log2(0.5 / 0.02), 0.25 * Math.log2(0.25 / 0.2), 0.25 * Math.log2(0.25 / 0.001)]
    expect(clarity).toBeCloseTo(parts[0]! + parts[1]! + parts[2]!, 12)
    expect(termFeatures({ ...statistics, terms: [] })).toEqual(TERM_FEATURES.map(() => 0))
  })

  it('are as many for every query, whatever was found', () => {
    const runs: Run[] = [1, 2, 3].map((i) => new Map([['q', list([i, i / 2])]]))
    for (const features of ['all', 'query'] as const) {
      const [found, absent] = ['q', 'absent'].map((query) => queryFeatures(query, 'a text', runs, features))
      expect(found).toHaveLength(features === 'query' ? 9 : 9 + 3 * 6 + 3 * 2)
      expect(absent).toHaveLength(found!.length)
      expect(absent!.every(Number.isFinite)).toBe(true)
      expect(queryFeatures('q', 'a text', runs, features, [7, 8])).toEqual([
        ...found!.slice(0, 9),
        7,
        8,
        ...found!.slice(9),
      ])
    }
  })
})

describe('options of a route', () => {
  it('have defaults, and name what is not known', () => {
    expect(routeOptions()).toEqual({ to: 'member', model: 'ridge', features: 'all' })
    expect(() => routeOptions({ model: 'rigde' as 'ridge' })).toThrow('`model` of a route cannot be rigde.')
  })
})

describe.each([
  ['ridge', fitRidge],
  ['stumps', fitStumps],
] as const)('%s', (_, learn) => {
  it('learns which choice is better where, and the worth of each', () => {
    const data = linearData(120, 0.05)
    const test = linearData(200, 0)
    const regression = learn(data)
    const routed = routedWorth(
      test.features.map((row) => regression.predict(row)),
      test.worth,
    )
    const oracle = test.worth.reduce((sum, row) => sum + Math.max(...row), 0) / test.worth.length
    expect(routed).toBeGreaterThan(oracle - 0.01)
    expect(regression.predict([1, 0.5, 5])[1]).toBeGreaterThan(regression.predict([1, 0.5, 5])[0]!)
    expect(regression.predict([9, 0.5, 5])[1]).toBeLessThan(regression.predict([9, 0.5, 5])[0]!)
  })

  it('switches the features off where they tell nothing', () => {
    const next = noise(3)
    const features = Array.from({ length: 100 }, () => [next(), next()])
    // One choice is always better: nothing can be gained by looking.
    const regression = learn({ features, worth: features.map(() => [0.4 + 0.1 * next(), 0.2 + 0.1 * next()]) })
    expect(regression.strength).toMatch(/switched off|no stumps/)
    expect(regression.predict([0.1, 0.9])[0]).toBeGreaterThan(regression.predict([0.1, 0.9])[1]!)
  })
})

describe('ridge regression', () => {
  it('takes one query, and features that never change', () => {
    const regression = fitRidge({ features: [[1, 2]], worth: [[0, 1]] })
    expect(regression.predict([5, 5])).toEqual([0, 1])
  })
})
