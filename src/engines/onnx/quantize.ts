/** A matrix in 8 or 4 bits with a scale per output channel and block of inputs, in the layout of onnxruntime's MatMulNBits. */
export interface QuantizedMatrix {
  /**
   * outputs × inputs, as unsigned numbers: weight = (number − zero) × scale with zero 128 for 8 bits and 8 for 4. Two 4-bit numbers
   * share a byte, the first in its lower half.
   */
  readonly values: Uint8Array
  /** outputs × (inputs / block). */
  readonly scales: Float32Array
}

export type Bits = 4 | 8

const LARGEST_BLOCK = { 8: 256, 4: 32 } as const
const SMALLEST_BLOCK = 16

/**
 * Inputs that share a scale: the largest power of two up to 256 (8 bits) or 32 (4 bits) that divides them; null where even 16 does not.
 */
export function blockSize(inputs: number, bits: Bits = 8): number | null {
  for (let block = LARGEST_BLOCK[bits]; block >= SMALLEST_BLOCK; block /= 2) if (inputs % block === 0) return block
  return null
}

/**
 * Symmetric rounding per output channel and block of inputs. With one scale for the whole matrix an outlier in one channel would coarsen
 * all others. 8 bits: the scale is max|w| / 127. 4 bits: the weight farthest from zero becomes −8, so that all sixteen numbers are used.
 *
 * @param weights outputs × inputs, row-major, as torch stores a linear layer.
 */
export function quantize(weights: Float32Array, block: number, bits: Bits = 8): QuantizedMatrix {
  return bits === 8 ? quantize8(weights, block) : quantize4(weights, block)
}

function quantize8(weights: Float32Array, block: number): QuantizedMatrix {
  const values = new Uint8Array(weights.length)
  const scales = new Float32Array(weights.length / block)
  for (let b = 0; b < scales.length; b++) {
    const start = b * block
    const end = start + block
    let largest = 0
    for (let i = start; i < end; i++) {
      const size = Math.abs(weights[i]!)
      if (size > largest) largest = size
    }
    const scale = Math.fround(largest / 127)
    const inverse = scale === 0 ? 0 : 1 / scale
    scales[b] = scale
    // All numbers are positive after the shift, where cutting off decimals rounds.
    for (let i = start; i < end; i++) values[i] = weights[i]! * inverse + 128.5
  }
  return { values, scales }
}

function quantize4(weights: Float32Array, block: number): QuantizedMatrix {
  const values = new Uint8Array(weights.length / 2)
  const scales = new Float32Array(weights.length / block)
  for (let b = 0; b < scales.length; b++) {
    const start = b * block
    const end = start + block
    let farthest = 0
    for (let i = start; i < end; i++) if (Math.abs(weights[i]!) > Math.abs(farthest)) farthest = weights[i]!
    const scale = Math.fround(farthest / -8)
    const inverse = scale === 0 ? 0 : 1 / scale
    scales[b] = scale
    for (let i = start; i < end; i += 2) {
      const low = Math.min(15, (weights[i]! * inverse + 8.5) | 0)
      const high = Math.min(15, (weights[i + 1]! * inverse + 8.5) | 0)
      values[i / 2] = low | (high << 4)
    }
  }
  return { values, scales }
}
