import {
  type Attribute,
  ElementType,
  encodeModel,
  type Initializer,
  type NodeSpec,
  type ValueSpec,
} from '../../engines/onnx/onnx-model.ts'
import type { Dtype } from './dtypes.ts'

/** Scores whose maximum is given beside them; every product's rows are a multiple. */
export const CHUNK = 64

const ELEMENT: Readonly<Record<Dtype, ElementType>> = {
  float32: ElementType.float32,
  float16: ElementType.float16,
  int8: ElementType.int8,
}

/** Keeps a vector without length from being divided by zero; its cosine is then 0. */
const LEAST_LENGTH = 1e-30

const bytesOf = (array: Float32Array | BigInt64Array) => new Uint8Array(array.buffer)

function whole(name: string, values: readonly number[]): Initializer {
  const data = bytesOf(BigInt64Array.from(values, BigInt))
  return { name, type: ElementType.int64, dims: [values.length], data }
}

/**
 * A graph that compares `queries` [q, d] with `vectors` [n, d] of the store's dtype: `scores` [q, n] and `maxima` [q, n / CHUNK].
 * float16 and int8 become float32 in the graph, so sums are always float32. For cosine the scores are divided by the documents' lengths;
 * the queries come normalised. The `scales` [n] of int8, an input for the dot product only, multiply the scores; they cancel out for cosine.
 *
 * @returns The bytes of an ONNX model.
 */
export function searchGraph(dtype: Dtype, dimension: number, similarity: 'cosine' | 'dot'): Uint8Array {
  const nodes: NodeSpec[] = []
  const op = (
    type: string,
    from: readonly string[],
    to: string,
    attributes: Readonly<Record<string, Attribute>> = {},
  ) => {
    nodes.push({ type, domain: '', inputs: from, outputs: [to], attributes })
    return to
  }
  const inputs: ValueSpec[] = [
    { name: 'queries', type: ElementType.float32, dims: ['q', dimension] },
    { name: 'vectors', type: ELEMENT[dtype], dims: ['n', dimension] },
  ]
  const numbers = dtype === 'float32' ? 'vectors' : op('Cast', ['vectors'], 'numbers', { to: ElementType.float32 })
  const scaled = needsScales(dtype, similarity)
  const plain = similarity === 'dot' && !scaled
  const products = op('Gemm', ['queries', numbers], plain ? 'scores' : 'products', { transB: 1 })
  if (similarity === 'cosine') {
    const lengths = op('ReduceL2', [numbers, 'rowAxis'], 'lengths', { keepdims: 0 })
    op('Div', [products, op('Max', [lengths, 'least'], 'divisors')], 'scores')
  } else if (scaled) {
    inputs.push({ name: 'scales', type: ElementType.float32, dims: ['n'] })
    op('Mul', [products, 'scales'], 'scores')
  }
  op('ReduceMax', [op('Reshape', ['scores', 'chunks'], 'chunked'), 'chunkAxis'], 'maxima', { keepdims: 0 })
  const least = { name: 'least', type: ElementType.float32, dims: [1], data: bytesOf(Float32Array.of(LEAST_LENGTH)) }
  return encodeModel({
    nodes,
    // A 0 keeps the size of that axis.
    initializers: [whole('rowAxis', [1]), whole('chunkAxis', [2]), whole('chunks', [0, -1, CHUNK]), least],
    inputs,
    outputs: [
      { name: 'scores', type: ElementType.float32, dims: ['q', 'n'] },
      { name: 'maxima', type: ElementType.float32, dims: ['q', 'chunks'] },
    ],
  })
}

/** Whether the graph has an input `scales`. */
export const needsScales = (dtype: Dtype, similarity: 'cosine' | 'dot') => dtype === 'int8' && similarity === 'dot'
