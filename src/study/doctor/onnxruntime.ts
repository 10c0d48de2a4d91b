import { createRequire } from 'node:module'
import { ElementType, encodeModel } from '../../engines/onnx/onnx-model.ts'
import * as ort from '../../engines/onnx/runtime.ts'

/**
 * Multiplies two small matrices in onnxruntime, so that a broken install shows here and not in the middle of a study.
 *
 * @returns Its version.
 * @throws Error if it does not load or gives another product.
 */
export async function tryOnnxruntime(): Promise<string> {
  const matrix = (name: string) => ({ name, type: ElementType.float32, dims: [2, 2] })
  const session = await ort.InferenceSession.create(
    encodeModel({
      nodes: [{ domain: '', type: 'MatMul', inputs: ['a', 'b'], outputs: ['c'], attributes: {} }],
      inputs: [matrix('a'), matrix('b')],
      outputs: [matrix('c')],
      initializers: [],
    }),
  )
  try {
    const { c } = await session.run({
      a: new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]),
      b: new ort.Tensor('float32', Float32Array.of(5, 6, 7, 8), [2, 2]),
    })
    const product = [...(c!.data as Float32Array)]
    if (product.join() !== '19,22,43,50') throw new Error(`onnxruntime multiplies wrongly: ${product.join()}`)
  } finally {
    await session.release()
  }
  return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version
}
