import { ProtoWriter } from './proto.ts'

/** Element types of ONNX tensors (TensorProto.DataType). */
export const ElementType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
} as const
export type ElementType = (typeof ElementType)[keyof typeof ElementType]

/** A whole number, a real number (`{ float }`, since 1 and 1.0 are the same to JavaScript) or a list of whole numbers. */
export type Attribute = number | { readonly float: number } | readonly number[]

export interface NodeSpec {
  readonly type: string
  /** Operator set; `''` is ONNX's own. */
  readonly domain: '' | 'com.microsoft'
  /** Names of values; an empty name is an absent optional input. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A constant: its bytes here, or a range of a file that onnxruntime maps into memory. */
export interface Initializer {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly data: Uint8Array | { readonly file: string; readonly offset: number; readonly bytes: number }
}

export interface ValueSpec {
  readonly name: string
  readonly type: ElementType
  /** Sizes; a name where the size varies from run to run. */
  readonly dims: readonly (number | string)[]
}

export interface GraphSpec {
  readonly nodes: readonly NodeSpec[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly ValueSpec[]
  readonly outputs: readonly ValueSpec[]
}

const IR_VERSION = 10
const OPSET = 21

/** The bytes of an ONNX ModelProto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto gives the field numbers). */
export function encodeModel(graph: GraphSpec): Uint8Array {
  const g = new ProtoWriter()
  for (const node of graph.nodes) g.message(1, encodeNode(node))
  g.string(2, 'fieldtrial')
  for (const initializer of graph.initializers) g.message(5, encodeInitializer(initializer))
  for (const input of graph.inputs) g.message(11, encodeValue(input))
  for (const output of graph.outputs) g.message(12, encodeValue(output))
  return new ProtoWriter()
    .int(1, IR_VERSION)
    .string(2, 'fieldtrial')
    .message(7, g)
    .message(8, new ProtoWriter().string(1, '').int(2, OPSET))
    .message(8, new ProtoWriter().string(1, 'com.microsoft').int(2, 1))
    .finish()
}

function encodeNode(node: NodeSpec): ProtoWriter {
  const out = new ProtoWriter()
  for (const input of node.inputs) out.string(1, input)
  for (const output of node.outputs) out.string(2, output)
  out.string(4, node.type)
  for (const [name, value] of Object.entries(node.attributes)) out.message(5, encodeAttribute(name, value))
  return out.string(7, node.domain)
}

function encodeAttribute(name: string, value: Attribute): ProtoWriter {
  const out = new ProtoWriter().string(1, name)
  if (typeof value === 'number') return out.int(3, value).int(20, 2)
  if ('float' in value) return out.float(2, value.float).int(20, 1)
  for (const item of value) out.int(8, item)
  return out.int(20, 7)
}

function encodeInitializer(tensor: Initializer): ProtoWriter {
  const out = new ProtoWriter()
  for (const size of tensor.dims) out.int(1, size)
  out.int(2, tensor.type).string(8, tensor.name)
  if (tensor.data instanceof Uint8Array) return out.bytes(9, tensor.data)
  const { file, offset, bytes } = tensor.data
  const entries = { location: file, offset: String(offset), length: String(bytes) }
  for (const [key, value] of Object.entries(entries)) out.message(13, new ProtoWriter().string(1, key).string(2, value))
  return out.int(14, 1)
}

function encodeValue(value: ValueSpec): ProtoWriter {
  const shape = new ProtoWriter()
  for (const size of value.dims) {
    const dimension = new ProtoWriter()
    if (typeof size === 'string') dimension.string(2, size)
    else dimension.int(1, size)
    shape.message(1, dimension)
  }
  const tensorType = new ProtoWriter().int(1, value.type).message(2, shape)
  return new ProtoWriter().string(1, value.name).message(2, new ProtoWriter().message(1, tensorType))
}
