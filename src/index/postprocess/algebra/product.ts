import { ElementType, encodeModel } from '../../../engines/onnx/onnx-model.ts'
import * as ort from '../../../engines/onnx/runtime.ts'

/** Numbers row after row: `rows` × `columns`. */
export interface Matrix<T extends Float32Array | Float64Array> {
  readonly data: T
  readonly rows: number
  readonly columns: number
}

type Transposed = 'neither' | 'first' | 'second'

/** TensorProto.DataType.DOUBLE, which no graph of a model uses. */
const FLOAT64 = 11 as number as ElementType

const sessions = new Map<string, Promise<ort.InferenceSession>>()

/**
 * One session per kind of product, made when first wanted and kept: it holds no weights, and its threads sleep between products.
 */
function sessionFor(type: 'float32' | 'float64', transposed: Transposed): Promise<ort.InferenceSession> {
  const key = `${type} ${transposed}`
  const made = sessions.get(key)
  if (made !== undefined) return made
  const element = type === 'float32' ? ElementType.float32 : FLOAT64
  const attributes = { transA: transposed === 'first' ? 1 : 0, transB: transposed === 'second' ? 1 : 0 }
  const model = encodeModel({
    nodes: [{ type: 'Gemm', domain: '', inputs: ['a', 'b'], outputs: ['c'], attributes }],
    initializers: [],
    inputs: [
      { name: 'a', type: element, dims: ['a0', 'a1'] },
      { name: 'b', type: element, dims: ['b0', 'b1'] },
    ],
    outputs: [{ name: 'c', type: element, dims: ['c0', 'c1'] }],
  })
  const session = ort.InferenceSession.create(model, {
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  sessions.set(key, session)
  return session
}

/**
 * The product of two matrices, one of them transposed if asked, by onnxruntime: some fifty times as fast as loops in JavaScript, in float64 too.
 *
 * @param transposed `first`: aᵀ·b; `second`: a·bᵀ.
 */
export async function product<T extends Float32Array | Float64Array>(
  a: Matrix<T>,
  b: Matrix<T>,
  transposed: Transposed = 'neither',
): Promise<Matrix<T>> {
  const rows = transposed === 'first' ? a.columns : a.rows
  const columns = transposed === 'second' ? b.rows : b.columns
  const type = a.data instanceof Float32Array ? 'float32' : 'float64'
  if (rows * columns === 0) return { data: a.data.slice(0, 0) as T, rows, columns }
  const session = await sessionFor(type, transposed)
  const tensor = ({ data, rows, columns }: Matrix<T>) => new ort.Tensor(type, data, [rows, columns])
  const { c } = await session.run({ a: tensor(a), b: tensor(b) })
  return { data: c!.data as T, rows, columns }
}
