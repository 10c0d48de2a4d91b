/** An int8 matrix with one scale per column: value = int8 × scale. */
export interface QuantizedMatrix {
  /** inputs × outputs, row-major. */
  readonly values: Int8Array
  /** One per output. */
  readonly scales: Float32Array
}

/**
 * Symmetric int8 per output channel: scale = max|w| / 127 over the channel's weights, rounding half away from zero.
 * The matrix is transposed on the way, from torch's outputs × inputs to ONNX's inputs × outputs.
 * One scale for the whole matrix would cost far more: an outlier in one channel coarsens all others.
 */
export function quantizePerChannel(weights: Float32Array, outputs: number, inputs: number): QuantizedMatrix {
  const values = new Int8Array(weights.length)
  const scales = new Float32Array(outputs)
  for (let o = 0; o < outputs; o++) {
    const row = weights.subarray(o * inputs, (o + 1) * inputs)
    let largest = 0
    for (const w of row) if (Math.abs(w) > largest) largest = Math.abs(w)
    const scale = largest / 127
    scales[o] = scale
    if (scale === 0) continue
    for (let i = 0; i < inputs; i++) values[i * outputs + o] = Math.round(row[i]! / scale)
  }
  return { values, scales }
}
