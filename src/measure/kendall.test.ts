import { describe, expect, it } from 'vitest'
import { kendallTau } from './kendall.ts'

describe('kendallTau', () => {
  it("gives scipy's kendalltau, ties included", () => {
    // scipy.stats.kendalltau(a, b).statistic
    expect(kendallTau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.4714045207910316, 14)
    expect(kendallTau([1, 2, 3, 4, 5, 6], [1, 3, 2, 4, 6, 5])).toBeCloseTo(0.7333333333333333, 14)
    expect(kendallTau([0.31, 0.32, 0.3, 0.31, 0.29, 0.4], [0.5, 0.5, 0.4, 0.6, 0.3, 0.55])).toBeCloseTo(
      0.6428571428571429,
      14,
    )
  })

  it('is 1 for the same order, −1 for the opposite one, and null where there is no order', () => {
    expect(kendallTau([1, 2, 3], [10, 20, 30])).toBe(1)
    expect(kendallTau([1, 2, 3], [3, 2, 1])).toBe(-1)
    expect(kendallTau([1, 1, 1], [3, 2, 1])).toBeNull()
    expect(kendallTau([1], [2])).toBeNull()
  })
})
