import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHalf, toHalf } from './float16.ts'

describe('float16', () => {
  it('gives every one of the 65,536 halves back', () => {
    for (let half = 0; half < 65536; half++) {
      const value = fromHalf(half)
      if (Number.isNaN(value)) expect(toHalf(value) & 0x7c00).toBe(0x7c00)
      else if (toHalf(value) !== half) expect(toHalf(value)).toBe(half)
    }
  })

  it('rounds to the nearest half, and to the even one of two equally near', () => {
    const finite = Array.from({ length: 0x7c00 }, (_, half) => fromHalf(half))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7bfe }), fc.double({ min: 0, max: 1, noNaN: true }), (low, part) => {
        const [a, b] = [finite[low]!, finite[low + 1]!]
        const value = Math.fround(a + (b - a) * part)
        const want = value - a === b - value ? (low % 2 === 0 ? a : b) : value - a < b - value ? a : b
        expect(fromHalf(toHalf(value))).toBe(want)
        expect(fromHalf(toHalf(-value))).toBe(-want)
      }),
      { numRuns: 5000 },
    )
    for (let low = 0; low < 0x7bff; low++) {
      const middle = (finite[low]! + finite[low + 1]!) / 2
      if (toHalf(middle) !== low + (low % 2)) expect(toHalf(middle)).toBe(low + (low % 2))
    }
  })

  it('knows where infinity begins', () => {
    expect(toHalf(65519.99)).toBe(0x7bff)
    expect(toHalf(65520)).toBe(0x7c00)
    expect(toHalf(-1e30)).toBe(0xfc00)
    expect(toHalf(Infinity)).toBe(0x7c00)
  })
})
