import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockSize, quantize } from './quantize.ts'

describe('quantize to 4 bits', () => {
  it('keeps every weight within half a step, or a step at the far end', () => {
    const finite = fc.float({ noNaN: true, min: -100, max: 100 })
    fc.assert(
      fc.property(fc.array(finite, { minLength: 64, maxLength: 64 }), (numbers) => {
        const weights = Float32Array.from(numbers)
        const { values, scales } = quantize(weights, 32, 4)
        expect([values.length, scales.length]).toEqual([32, 2])
        weights.forEach((w, i) => {
          const scale = scales[Math.floor(i / 32)]!
          const number = (values[i >> 1]! >> (i % 2 === 0 ? 0 : 4)) & 15
          const error = Math.abs((number - 8) * scale - w)
          // 8 has no number of its own; a weight opposite to the farthest becomes 7.
          const allowed = Math.abs(scale) * (number === 15 ? 1.0001 : 0.5001)
          expect(error).toBeLessThanOrEqual(allowed + 1e-30)
        })
      }),
    )
  })

  it('keeps zeros', () => {
    const { values, scales } = quantize(new Float32Array(32), 32, 4)
    expect([...new Set(values)]).toEqual([0x88])
    expect(scales.every((scale) => scale === 0)).toBe(true)
  })

  it('has blocks of 32, or 16 where 32 does not divide', () => {
    expect([896, 48, 40].map((inputs) => blockSize(inputs, 4))).toEqual([32, 16, null])
  })
})
