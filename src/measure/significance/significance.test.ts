import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  incompleteBeta,
  logGamma,
  normalQuantile,
  normalTwoSided,
  studentQuantile,
  studentTwoSided,
} from './distributions.ts'
import {
  adjust,
  bootstrap,
  CORRECTIONS,
  type Correction,
  cohensDz,
  comparePaired,
  randomisationTest,
  signTest,
  TESTS,
  wilcoxon,
} from './index.ts'
import { randomWords } from './random.ts'

const values = (numbers: readonly number[]) => new Map(numbers.map((value, i) => [`q${i}`, value]))

describe('distributions', () => {
  it('logGamma gives factorials and Γ(½)', () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 14)
    let factorial = 1
    for (let n = 1; n < 20; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 12)
      factorial *= n
    }
  })

  it('the incomplete beta function has its closed forms and its symmetry', () => {
    for (const x of [0.001, 0.2, 0.5, 0.9]) {
      expect(incompleteBeta(x, 1, 1)).toBeCloseTo(x, 14)
      expect(incompleteBeta(x, 3, 1)).toBeCloseTo(x ** 3, 14)
      for (const [a, b] of [
        [0.5, 40],
        [200, 0.5],
        [30, 50],
        [5000, 5000],
      ] as const)
        expect(incompleteBeta(x, a, b) + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 12)
    }
  })

  it('quantiles undo the distribution', () => {
    for (const p of [1e-9, 1e-4, 0.01, 0.2, 0.6, 0.975, 0.99999]) {
      expect(normalTwoSided(normalQuantile(p))).toBeCloseTo(2 * Math.min(p, 1 - p), 13)
      for (const df of [1, 2, 9, 299, 100_000])
        expect(studentTwoSided(studentQuantile(p, df), df)).toBeCloseTo(2 * Math.min(p, 1 - p), 12)
    }
    expect([normalQuantile(0), normalQuantile(1), normalQuantile(2)]).toEqual([-Infinity, Infinity, Number.NaN])
    expect([studentQuantile(0, 3), studentQuantile(1, 3)]).toEqual([-Infinity, Infinity])
  })

  it('Student with many degrees of freedom is normal', () => {
    expect(studentTwoSided(1.96, 1e7)).toBeCloseTo(normalTwoSided(1.96), 7)
  })
})

describe('random words', () => {
  it('repeat for a seed, and differ between seeds and streams', () => {
    const first = (seed: number, stream?: number) => {
      const random = randomWords(seed, stream)
      return Array.from({ length: 5 }, () => random.next())
    }
    expect(first(1)).toEqual(first(1))
    expect(first(1)).not.toEqual(first(2))
    expect(first(1)).not.toEqual(first(1, 1))
    expect(first(1)).not.toEqual(first(1 + 2 ** 33))
  })

  it('have fair bits', () => {
    const random = randomWords(3)
    const ones = new Array<number>(32).fill(0)
    const n = 40_000
    for (let i = 0; i < n; i++) {
      const word = random.next()
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (word >>> bit) & 1
    }
    for (const count of ones) expect(Math.abs(count - n / 2)).toBeLessThan(5 * Math.sqrt(n / 4))
  })
})

describe('Wilcoxon, exact', () => {
  it('counts all signs, with ties as well', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 9 }), (differences) => {
        const kept = differences.filter((d) => d !== 0)
        fc.pre(kept.length > 0)
        const rank = (d: number) => {
          const below = kept.filter((e) => Math.abs(e) < Math.abs(d)).length
          const equal = kept.filter((e) => Math.abs(e) === Math.abs(d)).length
          return below + (equal + 1) / 2
        }
        const ranks = kept.map(rank)
        const total = ranks.reduce((a, b) => a + b, 0)
        const plus = kept.reduce((sum, d, i) => sum + (d > 0 ? ranks[i]! : 0), 0)
        const seen = Math.min(plus, total - plus)
        let count = 0
        for (let signs = 0; signs < 2 ** kept.length; signs++)
          if (ranks.reduce((sum, r, i) => sum + ((signs >> i) & 1 ? r : 0), 0) <= seen) count++
        const got = wilcoxon(differences)
        expect(got.statistic).toBe(seen)
        expect(got.p).toBeCloseTo(Math.min(1, (2 * count) / 2 ** kept.length), 12)
      }),
    )
  })

  it("agrees with scipy's exact figure", () => {
    // scipy.stats.wilcoxon([1, 2, 3, 4, 5, 6, 7, 8, 9, -10]): statistic 10, p 0.083984375.
    expect(wilcoxon([1, 2, 3, 4, 5, 6, 7, 8, 9, -10])).toEqual({ statistic: 10, p: 0.083984375, exact: true })
    expect(wilcoxon([0, 0])).toEqual({ statistic: 0, p: 1, exact: true })
  })
})

describe('resampling', () => {
  const noisy = Array.from({ length: 60 }, (_, i) => Math.sin(i * 12.9898) + 0.2)

  it('repeats for a seed', () => {
    expect(randomisationTest(noisy, { seed: 5 })).toEqual(randomisationTest(noisy, { seed: 5 }))
    expect(bootstrap(noisy, { seed: 5 })).toEqual(bootstrap(noisy, { seed: 5 }))
    expect(bootstrap(noisy, { seed: 5 }).interval).not.toEqual(bootstrap(noisy, { seed: 6 }).interval)
  })

  it('the sampled randomisation test comes near the exact one', () => {
    const few = noisy.slice(0, 14)
    const exact = randomisationTest(few)
    expect(exact.exact).toBe(true)
    // Two more differences that hardly count make the same question one to be sampled.
    const sampled = randomisationTest([...few, 1e-13, -1e-13], { resamples: 40_000 })
    expect(sampled.exact).toBe(false)
    expect(Math.abs(sampled.p - exact.p)).toBeLessThan(5 * Math.sqrt((exact.p * (1 - exact.p)) / 40_000) + 1e-4)
  })

  it('p of the randomisation test is even under the null hypothesis', () => {
    const random = randomWords(11)
    let below = 0
    const trials = 400
    for (let trial = 0; trial < trials; trial++) {
      const differences = Array.from({ length: 40 }, () => random.next() / 2 ** 31)
      if (randomisationTest(differences, { resamples: 400, seed: trial }).p <= 0.1) below++
    }
    expect(Math.abs(below - 40)).toBeLessThan(5 * Math.sqrt(trials * 0.1 * 0.9))
  })

  it('the interval holds the true mean about as often as it says', () => {
    const random = randomWords(12)
    let held = 0
    const trials = 300
    for (let trial = 0; trial < trials; trial++) {
      const differences = Array.from({ length: 60 }, () => random.next() / 2 ** 31)
      const [low, high] = bootstrap(differences, { resamples: 400, seed: trial, alpha: 0.2 }).interval
      if (low <= 0 && high >= 0) held++
    }
    expect(Math.abs(held - 240)).toBeLessThan(5 * Math.sqrt(trials * 0.8 * 0.2))
  })

  it('10,000 resamples over 6,980 queries are quick', () => {
    const many = Array.from({ length: 6980 }, (_, i) => Math.sin(i * 78.233))
    const start = performance.now()
    comparePaired(values(many.map(() => 0)), values(many))
    // About 0.3 s on an idle core; the bound leaves room for a busy one.
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('corrections', () => {
  const p = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 0.01, 0.05)), {
    minLength: 1,
    maxLength: 12,
  })

  it('never lower a p-value, never pass 1, and keep the order', () => {
    fc.assert(
      fc.property(p, fc.constantFrom(...CORRECTIONS), (given, correction) => {
        const got = adjust(given, correction)
        got.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(given[i]! * (1 - 1e-12))
          expect(value).toBeLessThanOrEqual(1)
          given.forEach((other, j) => {
            if (other > given[i]!) expect(got[j]!).toBeGreaterThanOrEqual(value * (1 - 1e-12))
          })
        })
      }),
    )
  })

  it('stand in their known order of strictness', () => {
    fc.assert(
      fc.property(p, (given) => {
        const order: Correction[] = ['bonferroni', 'holm', 'hochberg', 'hommel', 'benjamini-hochberg', 'none']
        const all = order.map((correction) => adjust(given, correction))
        for (let i = 1; i < all.length; i++)
          for (let j = 0; j < given.length; j++) expect(all[i]![j]).toBeLessThanOrEqual(all[i - 1]![j]! * (1 + 1e-12))
      }),
    )
  })

  it('know their names and what a probability is', () => {
    expect(adjust([], 'holm')).toEqual([])
    expect(() => adjust([0.1], 'bonferoni' as Correction)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: 'Did you mean bonferroni?' }),
    )
    expect(() => adjust([0.1, Number.NaN], 'holm')).toThrow(/no p-value/)
    expect(() => adjust([1.1], 'holm')).toThrow(/no p-value/)
  })
})

describe('comparisons', () => {
  it.each(TESTS)('%s: equal retrievers do not differ', (test) => {
    const got = comparePaired(values([0.1, 0.2, 0.3]), values([0.1, 0.2, 0.3]), { test })
    expect(got).toEqual({
      queries: 3,
      difference: 0,
      interval: [0, 0],
      p: 1,
      effect: null,
      wins: 0,
      losses: 0,
      ties: 3,
    })
  })

  it.each(TESTS)('%s: one query proves nothing', (test) => {
    expect(comparePaired(values([0.1]), values([0.9]), { test }).p).toBe(1)
  })

  it.each(TESTS)('%s: swapping the two turns the signs and nothing else', (test) => {
    const a = values(Array.from({ length: 30 }, (_, i) => Math.abs(Math.sin(i))))
    const b = values(Array.from({ length: 30 }, (_, i) => Math.abs(Math.sin(i * 1.3))))
    const one = comparePaired(a, b, { test })
    const other = comparePaired(b, a, { test })
    expect(other.difference).toBeCloseTo(-one.difference, 15)
    expect(other.interval[0]).toBeCloseTo(-one.interval[1], 12)
    expect(other.effect).toBeCloseTo(-one.effect!, 12)
    expect(other.p).toBeCloseTo(one.p, 12)
    expect([other.wins, other.losses]).toEqual([one.losses, one.wins])
    expect(one.interval[0]).toBeLessThan(one.difference)
    expect(one.interval[1]).toBeGreaterThan(one.difference)
  })

  it.each(TESTS)('%s: finds a clear difference', (test) => {
    const a = values(Array.from({ length: 40 }, (_, i) => 0.3 + 0.01 * Math.sin(i)))
    const b = values(Array.from({ length: 40 }, (_, i) => 0.5 + 0.01 * Math.cos(i)))
    const got = comparePaired(a, b, { test })
    expect(got.p).toBeLessThan(0.001)
    expect(got.effect).toBeGreaterThan(5)
    expect(got.wins).toBe(40)
  })

  it('need the same queries and finite values', () => {
    const error = /same queries; q2/
    expect(() => comparePaired(values([1, 2, 3]), values([1, 2]))).toThrow(error)
    expect(() => comparePaired(values([1, 2]), values([1, 2, 3]))).toThrow(error)
    expect(() => comparePaired(values([1]), values([Number.NaN]))).toThrow(/cannot be compared/)
    expect(() => comparePaired(values([]), values([]))).toThrow(/no queries/)
  })

  it('the effect is null where differences are equal but for rounding', () => {
    expect(cohensDz([0.2 - 0.1, 0.3 - 0.2, 0.4 - 0.3])).toBeNull()
    expect(cohensDz([0.5])).toBeNull()
    expect(cohensDz([1, 2, 3])).toBe(2)
  })

  it('the sign test counts', () => {
    expect(signTest([1, 2, -1, 0])).toMatchObject({ wins: 2, losses: 1, ties: 1, p: expect.closeTo(1, 14) })
    expect(signTest([1, 1, 1, 1, 1]).p).toBeCloseTo(2 / 32, 15)
    expect(signTest([]).p).toBe(1)
  })
})
