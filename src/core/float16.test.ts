import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packVectors, unpackVectors } from './dtypes.ts'
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

describe('packVectors', () => {
  it('refuses what cannot be stored', () => {
    for (const dtype of ['float32', 'float16', 'int8'] as const)
      for (const bad of [Number.NaN, Infinity, -Infinity])
        expect(() => packVectors(new Float32Array([1, 2, 3, bad]), 2, 2, dtype)).toThrow(/Vector 1 .* (NaN|-?Infinity)/)
    expect(() => packVectors(new Float32Array([1, 70000]), 1, 2, 'float16')).toThrow(/70000, which float16 cannot/)
  })

  it('keeps int8 within half a step of the original, and zeros as zeros', () => {
    const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), {
      minLength: 4,
      maxLength: 4,
    })
    fc.assert(
      fc.property(numbers, (list) => {
        const vectors = new Float32Array([...list, 0, 0, 0, 0])
        const packed = packVectors(vectors, 2, 4, 'int8')
        const back = unpackVectors(packed)
        const step = Math.max(...list.map(Math.abs)) / 127
        back.forEach((x, i) => {
          expect(Math.abs(x - vectors[i]!)).toBeLessThanOrEqual(step * 0.5001 + 1e-37)
        })
        expect([...back.subarray(4)]).toEqual([0, 0, 0, 0])
      }),
    )
  })
})
