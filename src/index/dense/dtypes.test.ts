import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packVectors, unpackVectors } from './dtypes.ts'

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
