import { toHalf } from '../../../../core/float16.ts'
import { floatBytes } from '../../float-bytes.ts'

export type GgufDtype = 'f32' | 'f16' | 'bf16' | 'q8_0'

/** ggml's numbers of tensor types, and of `general.file_type`. */
export const GGML: Readonly<Record<GgufDtype, { readonly type: number; readonly file: number }>> = {
  f32: { type: 0, file: 0 },
  f16: { type: 1, file: 1 },
  bf16: { type: 30, file: 32 },
  q8_0: { type: 8, file: 7 },
}

/** Values that share a scale in Q8_0. */
const BLOCK = 32
const BLOCK_BYTES = 34

/**
 * The type in which a tensor is written: vectors, such as norms and biases, stay in 32 bits, as llama.cpp wants them, and so do matrices in
 * Q8_0 whose rows are not made of whole blocks.
 */
export function dtypeOf(shape: readonly number[], wanted: GgufDtype): GgufDtype {
  if (shape.length < 2) return 'f32'
  return wanted === 'q8_0' && shape.at(-1)! % BLOCK !== 0 ? 'f16' : wanted
}

export function bytesOf(shape: readonly number[], dtype: GgufDtype): number {
  const count = shape.reduce((a, b) => a * b, 1)
  return dtype === 'q8_0' ? (count / BLOCK) * BLOCK_BYTES : count * (dtype === 'f32' ? 4 : 2)
}

/**
 * Numbers as ggml stores them. Q8_0: a float16 scale, max|x| / 127, and 32 signed bytes, rounded half away from zero (ggml-quants.c).
 *
 * @throws FieldtrialError `MODEL_INVALID` for numbers that are none, or that the type cannot hold.
 */
export function ggmlBytes(numbers: Float32Array, dtype: GgufDtype, name: string): Uint8Array {
  if (dtype !== 'q8_0') return floatBytes(numbers, dtype.toUpperCase(), name)
  // Also says which tensor holds a NaN, which rounding would hide.
  floatBytes(numbers, 'F32', name)
  const blocks = numbers.length / BLOCK
  const out = new Uint8Array(blocks * BLOCK_BYTES)
  const view = new DataView(out.buffer)
  for (let b = 0; b < blocks; b++) {
    const start = b * BLOCK
    let largest = 0
    for (let i = start; i < start + BLOCK; i++) largest = Math.max(largest, Math.abs(numbers[i]!))
    const scale = Math.fround(largest / 127)
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
    view.setUint16(b * BLOCK_BYTES, toHalf(scale), true)
    for (let i = 0; i < BLOCK; i++) {
      const value = Math.fround(numbers[start + i]! * inverse)
      view.setInt8(b * BLOCK_BYTES + 2 + i, Math.sign(value) * Math.floor(Math.abs(value) + 0.5))
    }
  }
  return out
}
