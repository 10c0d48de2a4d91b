import { FieldtrialError } from '../../core/errors.ts'
import { toHalf } from '../../core/float16.ts'

/** Types of weights that can be read and written. */
export const FLOAT_BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 }

/**
 * Numbers in a tensor's type, rounded to nearest, ties to even.
 *
 * @param name For messages.
 * @throws FieldtrialError `MODEL_INVALID` for a number that is none, or that the type cannot hold.
 */
export function floatBytes(numbers: Float32Array, type: string, name: string): Uint8Array {
  let zero = 0
  for (let i = 0; i < numbers.length; i++) zero += numbers[i]! * 0
  if (zero !== 0) throw unusable(`${name} holds numbers that are infinite or none.`)
  if (type === 'F32') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  const halves = new Uint16Array(numbers.length)
  if (type === 'BF16') {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)
    for (let i = 0; i < bits.length; i++) halves[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) >>> 16
  } else {
    for (let i = 0; i < numbers.length; i++) halves[i] = toHalf(numbers[i]!)
    if (halves.some((half) => (half & 0x7c00) === 0x7c00))
      throw unusable(`${name} holds numbers beyond 65,504, which float16 cannot hold.`)
  }
  return new Uint8Array(halves.buffer)
}

function unusable(message: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', message, {
    hint: 'Use weights in float32 or bfloat16; where training diverged, use an earlier checkpoint.',
  })
}
