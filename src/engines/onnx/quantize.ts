/** An int8 matrix with a scale per output channel and block of inputs, in the layout of onnxruntime's MatMulNBits. */
export interface QuantizedMatrix {
  /** outputs × inputs, as unsigned bytes: weight = (byte − 128) × scale. */
  readonly values: Uint8Array
  /** outputs × (inputs / block). */
  readonly scales: Float32Array
}

const LARGEST_BLOCK = 256
const SMALLEST_BLOCK = 16

/** Inputs that share a scale: the largest power of two up to 256 that divides them; null where even 16 does not. */
export function blockSize(inputs: number): number | null {
  for (let block = LARGEST_BLOCK; block >= SMALLEST_BLOCK; block /= 2) if (inputs % block === 0) return block
  return null
}

/**
 * Symmetric int8: per output channel and block of inputs the scale is max|w| / 127.
 * With one scale for the whole matrix an outlier in one channel would coarsen all others.
 *
 * @param weights outputs × inputs, row-major, as torch stores a linear layer.
 */
export function quantize(weights: Float32Array, block: number): QuantizedMatrix {
  const values = new Uint8Array(weights.length)
  const scales = new Float32Array(weights.length / block)
  for (let b = 0; b < scales.length; b++) {
    let largest = 0
    for (let i = b * block; i < (b + 1) * block; i++) largest = Math.max(largest, Math.abs(weights[i]!))
    const scale = largest / 127
    scales[b] = scale
    for (let i = b * block; i < (b + 1) * block; i++)
      values[i] = scale === 0 ? 128 : Math.round(weights[i]! / scale) + 128
  }
  return { values, scales }
}
