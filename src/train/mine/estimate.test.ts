import { describe, expect, it } from 'vitest'
import { falseNegatives, hiddenHalf } from './estimate.ts'

describe('hiding positives', () => {
  const positives = ['a', 'b', 'c', 'd', 'e']

  it('hides half of them, rounded down, others in another round, the same for the same seed', () => {
    const rounds = [0, 1, 2, 3, 4].map((round) => hiddenHalf(1, round, 'q', positives))
    for (const hidden of rounds) expect(hidden.size).toBe(2)
    expect(hiddenHalf(1, 0, 'q', positives)).toEqual(rounds[0])
    expect(new Set(rounds.map((hidden) => [...hidden].sort().join())).size).toBeGreaterThan(1)
    expect(hiddenHalf(1, 0, 'q', ['a', 'b']).size).toBe(1)
    expect(hiddenHalf(1, 0, 'q', ['a']).size).toBe(0)
  })
})

describe('the rate of false negatives', () => {
  it('is that of all negatives together, with an interval over queries that holds it', () => {
    const outcomes = Array.from({ length: 100 }, (_, i) => ({ mined: 10, wrong: i % 4 === 0 ? 4 : 0, within: 5 }))
    const found = falseNegatives(outcomes, [0.5, 0.4], 5, 1)!
    expect(found).toMatchObject({ queries: 100, rounds: 5, mined: 1000, wrong: 100, rate: 0.1, passed: 0.2 })
    expect(found.hidden).toBeCloseTo(0.45)
    const [low, high] = found.interval
    // Queries, not negatives, are the units: the standard error is that of 100 values of 0 or 0.4, i.e. 0.0174.
    expect(low).toBeGreaterThan(0.1 - 2.6 * 0.0174)
    expect(low).toBeLessThan(0.1 - 1.4 * 0.0174)
    expect(high).toBeLessThan(0.1 + 2.6 * 0.0174)
    expect(high).toBeGreaterThan(0.1 + 1.4 * 0.0174)
  })

  it('is nothing without negatives, and never a certain zero', () => {
    expect(falseNegatives([], [], 5, 1)).toBeNull()
    expect(falseNegatives([{ mined: 0, wrong: 0, within: 3 }], [0.5], 5, 1)).toBeNull()
    expect(falseNegatives([{ mined: 500, wrong: 0, within: 0 }], [0.5], 5, 1)).toMatchObject({
      rate: 0,
      interval: [0, 0.03],
      passed: null,
    })
  })
})
