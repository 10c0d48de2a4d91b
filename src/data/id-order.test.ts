import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds, rankOrder } from './id-order.ts'

const unicode = fc.string({ unit: 'binary', maxLength: 6 })

describe('order of ids', () => {
  it('is the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(unicode, unicode, (a, b) => {
        expect(Math.sign(compareIds(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
      }),
      { numRuns: 500 },
    )
  })

  it('puts characters outside the basic plane above those at its end, unlike JavaScript', () => {
    expect('\u{1F600}' < '\uFF61').toBe(true)
    expect(compareIds('\u{1F600}', '\uFF61')).toBeGreaterThan(0)
    expect(compareIds('d9', 'd59')).toBeGreaterThan(0)
  })
})

describe('order of a ranking', () => {
  const precision = fc.constantFrom<'float32' | 'float64'>('float32', 'float64')
  const score = fc.oneof(
    fc.constantFrom(0, -0, 1, 1 + 1e-9, 1e300, 3.5e38, Infinity, -Infinity, 1e-46, -1e-46, 16777216, 16777217, -5),
    fc.double({ noNaN: true }),
  )

  it('is score descending, then id descending', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(unicode, score), { maxLength: 80 }), precision, (rows, kind) => {
        const ids = rows.map(([id]) => id)
        const scores = rows.map(([, s]) => s)
        const held = scores.map((s) => (kind === 'float32' ? Math.fround(s) : s))
        const order = rankOrder(ids, scores, kind) ?? ids.map((_, i) => i)
        expect([...order].sort((a, b) => a - b)).toEqual(ids.map((_, i) => i))
        for (let i = 1; i < order.length; i++) {
          const [a, b] = [order[i - 1]!, order[i]!]
          expect(held[a]! > held[b]! || (held[a] === held[b] && compareIds(ids[a]!, ids[b]!) >= 0)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('tells an ordered ranking at once', () => {
    expect(rankOrder(['b', 'a', 'c'], [2, 2, 1], 'float64')).toBeNull()
    expect(rankOrder(['a', 'b'], [1 + 1e-9, 1], 'float64')).toBeNull()
    expect(rankOrder(['a', 'b'], [1 + 1e-9, 1], 'float32')).toEqual(Uint32Array.of(1, 0))
  })
})
