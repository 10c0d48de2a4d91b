import { FieldtrialError } from '../../core/errors.ts'
import { ElementType, encodeModel } from './onnx-model.ts'
import * as ort from './runtime.ts'

const BLOCK = 128
const OUTPUTS = 16

/**
 * Multiplies the largest int8 numbers there are and compares with the exact product. Processors without VNNI or its like add pairs of
 * products in 16 bits, where a kernel that does not take care overflows and yields vectors that are plausible and wrong.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where int8 products cannot be trusted on this machine.
 */
export async function requireExactInt8(): Promise<void> {
  const weights = new Uint8Array(OUTPUTS * 2 * BLOCK).fill(255)
  const scales = new Float32Array(OUTPUTS * 2).fill(1 / 127)
  const graph = encodeModel({
    nodes: [
      {
        type: 'MatMulNBits',
        domain: 'com.microsoft',
        inputs: ['x', 'w', 's'],
        outputs: ['y'],
        attributes: { K: 2 * BLOCK, N: OUTPUTS, bits: 8, block_size: BLOCK, accuracy_level: 4 },
      },
    ],
    initializers: [
      { name: 'w', type: ElementType.uint8, dims: [OUTPUTS, 2, BLOCK], data: weights },
      { name: 's', type: ElementType.float32, dims: [OUTPUTS, 2], data: new Uint8Array(scales.buffer) },
    ],
    inputs: [{ name: 'x', type: ElementType.float32, dims: ['rows', 2 * BLOCK] }],
    outputs: [{ name: 'y', type: ElementType.float32, dims: ['rows', OUTPUTS] }],
  })
  const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  try {
    // One row and several rows take different kernels.
    for (const rows of [1, 5]) {
      const x = new ort.Tensor('float32', new Float32Array(rows * 2 * BLOCK).fill(1), [rows, 2 * BLOCK])
      const { y } = await session.run({ x })
      const wrong = (y!.data as Float32Array).find((value) => Math.abs(value / (2 * BLOCK) - 1) > 0.01)
      if (wrong !== undefined)
        throw new FieldtrialError(
          'ENGINE_FAILED',
          `This processor's int8 products overflow (${wrong} instead of ${2 * BLOCK}).`,
          { hint: 'Use dtype float32 on this machine.' },
        )
    }
  } finally {
    await session.release()
  }
}
