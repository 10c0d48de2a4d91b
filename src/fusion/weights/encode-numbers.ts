import { toHalf } from '../../core/float16.ts'

/**
 * Numbers as safetensors holds them, rounded to the nearest, ties to even.
 *
 * @param type F32, BF16 or F16.
 * @returns The encoded numbers, and the place of the first that the type cannot hold (NaN, infinity, or too large); -1 for none.
 */
export function encodeNumbers(values: Float32Array, type: string): { bytes: Uint8Array; bad: number } {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  if (type === 'F32') {
    let bad = -1
    for (let i = words.length - 1; i >= 0; i--) if ((words[i]! & 0x7f800000) === 0x7f800000) bad = i
    return { bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength), bad }
  }
  const halves = new Uint16Array(values.length)
  let bad = -1
  if (type === 'BF16')
    for (let i = words.length - 1; i >= 0; i--) {
      const word = words[i]!
      // The upper half of a float32; what is cut off rounds it. NaN would round to something else, but is refused.
      const half = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
      halves[i] = half
      if ((half & 0x7f80) === 0x7f80 || (word & 0x7f800000) === 0x7f800000) bad = i
    }
  else
    for (let i = values.length - 1; i >= 0; i--) {
      const half = toHalf(values[i]!)
      halves[i] = half
      if ((half & 0x7c00) === 0x7c00) bad = i
    }
  return { bytes: new Uint8Array(halves.buffer), bad }
}
