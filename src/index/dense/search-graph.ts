import {
  type Attribute,
  ElementType,
  encodeModel,
  type Initializer,
  type NodeSpec,
} from '../../engines/onnx/onnx-model.ts'
import type { Dtype } from './dtypes.ts'

/** Scores whose maximum is given beside them; every block's rows are a multiple. */
export const CHUNK = 64

const ELEMENT: Readonly<Record<Dtype, ElementType>> = {
  float32: ElementType.float32,
  float16: ElementType.float16,
  int8: ElementType.int8,
}

/** A block's numbers: in a file, which onnxruntime maps into memory without a copy, or here. */
export interface GraphBlock {
  readonly dtype: Dtype
  readonly rows: number
  readonly dimension: number
  readonly vectors: Initializer['data']
  readonly scales: Initializer['data'] | null
}

/** Keeps a vector without length from being divided by zero; its cosine is then 0. */
const LEAST_LENGTH = 1e-30

const bytesOf = (array: Float32Array | BigInt64Array) => new Uint8Array(array.buffer)

/**
 * A graph that compares `queries` [q, d] with the block's vectors: `scores` [q, rows] and `maxima` [q, rows / CHUNK].
 * float16 and int8 become float32 in the graph, so sums are always float32. For cosine the scores are divided by the documents' lengths;
 * the queries come normalised. int8 scales multiply the scores for the dot product, and cancel out for cosine.
 */
export function searchGraph(block: GraphBlock, similarity: 'cosine' | 'dot'): Uint8Array {
  const { dtype, rows, dimension, vectors, scales } = block
  const nodes: NodeSpec[] = []
  const initializers: Initializer[] = [
    { name: 'vectors', type: ELEMENT[dtype], dims: [rows, dimension], data: vectors },
    {
      name: 'chunks',
      type: ElementType.int64,
      dims: [3],
      data: bytesOf(BigInt64Array.of(0n, BigInt(rows / CHUNK), BigInt(CHUNK))),
    },
    { name: 'last', type: ElementType.int64, dims: [1], data: bytesOf(BigInt64Array.of(2n)) },
  ]
  const op = (
    type: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, Attribute>> = {},
  ) => {
    nodes.push({ type, domain: '', inputs, outputs: [output], attributes })
    return output
  }
  const numbers = dtype === 'float32' ? 'vectors' : op('Cast', ['vectors'], 'numbers', { to: ElementType.float32 })
  const plain = similarity === 'dot' && scales === null
  const products = op('Gemm', ['queries', numbers], plain ? 'scores' : 'products', { transB: 1 })
  if (similarity === 'cosine') {
    initializers.push(
      { name: 'axis', type: ElementType.int64, dims: [1], data: bytesOf(BigInt64Array.of(1n)) },
      { name: 'least', type: ElementType.float32, dims: [1], data: bytesOf(Float32Array.of(LEAST_LENGTH)) },
    )
    const lengths = op('ReduceL2', [numbers, 'axis'], 'lengths', { keepdims: 0 })
    op('Div', [products, op('Max', [lengths, 'least'], 'divisors')], 'scores')
  } else if (scales !== null) {
    initializers.push({ name: 'scales', type: ElementType.float32, dims: [rows], data: scales })
    op('Mul', [products, 'scales'], 'scores')
  }
  op('ReduceMax', [op('Reshape', ['scores', 'chunks'], 'chunked'), 'last'], 'maxima', { keepdims: 0 })
  return encodeModel({
    nodes,
    initializers,
    inputs: [{ name: 'queries', type: ElementType.float32, dims: ['q', dimension] }],
    outputs: [
      { name: 'scores', type: ElementType.float32, dims: ['q', rows] },
      { name: 'maxima', type: ElementType.float32, dims: ['q', rows / CHUNK] },
    ],
  })
}
