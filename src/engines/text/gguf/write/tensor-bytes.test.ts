import { describe, expect, it } from 'vitest'
import { ggmlBytes } from './tensor-bytes.ts'

describe('Q8_0', () => {
  it('rounds blocks of 32 as ggml does', () => {
    const numbers = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? i - 16 : 0))
    const bytes = ggmlBytes(numbers, 'q8_0', 'x')
    expect(bytes.length).toBe(68)
    const view = new DataView(bytes.buffer)
    // 16 / 127 as a half is 0x3008; -16 becomes -127, 1 becomes round(7.94).
    expect(view.getUint16(0, true)).toBe(0x3008)
    expect(view.getInt8(2)).toBe(-127)
    expect(view.getInt8(2 + 17)).toBe(8)
    expect(view.getInt8(2 + 15)).toBe(-8)
    expect(bytes.slice(34)).toEqual(new Uint8Array(34))
  })

  it('names the tensor that holds no numbers, or too large ones for 16 bits', () => {
    expect(() => ggmlBytes(new Float32Array(32).fill(Number.NaN), 'q8_0', 'blk.0.x')).toThrow(
      /blk\.0\.x holds numbers that are infinite or none/,
    )
    expect(() => ggmlBytes(Float32Array.of(70_000), 'f16', 'blk.0.x')).toThrow(/blk\.0\.x holds numbers beyond 65,504/)
  })
})
