import {
  type Attribute,
  ElementType,
  encodeModel,
  type Initializer,
  type NodeSpec,
  type ValueSpec,
} from '../../engines/onnx/onnx-model.ts'
import type { Dtype } from './dtypes.ts'

/** Scores whose maximum is given beside them; every piece's rows are a multiple. */
export const CHUNK = 64

const ELEMENT: Readonly<Record<Dtype, ElementType>> = {
  float32: ElementType.float32,
  float16: ElementType.float16,
  int8: ElementType.int8,
}

/** Neighbouring rows of one shard: in a file, which onnxruntime maps into memory without a copy, or here. */
export interface GraphPiece {
  readonly rows: number
  readonly vectors: Initializer['data']
  /** For int8: one float32 per row. */
  readonly scales: Initializer['data'] | null
}

/** Keeps a vector without length from being divided by zero; its cosine is then 0. */
const LEAST_LENGTH = 1e-30

const bytesOf = (array: Float32Array | BigInt64Array) => new Uint8Array(array.buffer)

function constant(name: string, values: readonly number[]): Initializer {
  const data = bytesOf(BigInt64Array.from(values, BigInt))
  return { name, type: ElementType.int64, dims: [values.length], data }
}

/** Nodes, constants and outputs of a graph under construction. */
class Parts {
  readonly nodes: NodeSpec[] = []
  readonly initializers: Initializer[] = []
  readonly outputs: ValueSpec[] = []

  op(type: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}) {
    this.nodes.push({ type, domain: '', inputs, outputs: [output], attributes })
    return output
  }
}

function addPiece(
  to: Parts,
  piece: GraphPiece,
  n: number,
  dtype: Dtype,
  dimension: number,
  similarity: 'cosine' | 'dot',
) {
  const { rows, vectors, scales } = piece
  const stored = `vectors${n}`
  const scores = `scores${n}`
  to.initializers.push({ name: stored, type: ELEMENT[dtype], dims: [rows, dimension], data: vectors })
  const numbers = dtype === 'float32' ? stored : to.op('Cast', [stored], `numbers${n}`, { to: ElementType.float32 })
  const scaled = similarity === 'dot' && scales !== null
  const plain = similarity === 'dot' && !scaled
  const products = to.op('Gemm', ['queries', numbers], plain ? scores : `products${n}`, { transB: 1 })
  if (similarity === 'cosine') {
    const lengths = to.op('ReduceL2', [numbers, 'rowAxis'], `lengths${n}`, { keepdims: 0 })
    to.op('Div', [products, to.op('Max', [lengths, 'least'], `divisors${n}`)], scores)
  } else if (scaled) {
    to.initializers.push({ name: `scales${n}`, type: ElementType.float32, dims: [rows], data: scales! })
    to.op('Mul', [products, `scales${n}`], scores)
  }
  to.initializers.push(constant(`chunks${n}`, [0, rows / CHUNK, CHUNK]))
  const chunked = to.op('Reshape', [scores, `chunks${n}`], `chunked${n}`)
  to.op('ReduceMax', [chunked, 'chunkAxis'], `maxima${n}`, { keepdims: 0 })
  to.outputs.push(
    { name: scores, type: ElementType.float32, dims: ['q', rows] },
    { name: `maxima${n}`, type: ElementType.float32, dims: ['q', rows / CHUNK] },
  )
}

/**
 * A graph that compares `queries` [q, d] with the vectors of each piece n: `scores‹n›` [q, rows] and `maxima‹n›` [q, rows / CHUNK].
 * float16 and int8 become float32 in the graph, so sums are always float32. For cosine the scores are divided by the documents' lengths;
 * the queries come normalised. int8 scales multiply the scores for the dot product, and cancel out for cosine.
 *
 * @returns The bytes of an ONNX model.
 */
export function searchGraph(
  pieces: readonly GraphPiece[],
  dtype: Dtype,
  dimension: number,
  similarity: 'cosine' | 'dot',
): Uint8Array {
  const parts = new Parts()
  parts.initializers.push(constant('rowAxis', [1]), constant('chunkAxis', [2]), {
    name: 'least',
    type: ElementType.float32,
    dims: [1],
    data: bytesOf(Float32Array.of(LEAST_LENGTH)),
  })
  for (const [n, piece] of pieces.entries()) addPiece(parts, piece, n, dtype, dimension, similarity)
  return encodeModel({
    nodes: parts.nodes,
    initializers: parts.initializers,
    inputs: [{ name: 'queries', type: ElementType.float32, dims: ['q', dimension] }],
    outputs: parts.outputs,
  })
}
