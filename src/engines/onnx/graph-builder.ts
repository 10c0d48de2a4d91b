import { FieldtrialError } from '../../core/errors.ts'
import type { Checkpoint, TensorPlace } from '../text/safetensors.ts'
import {
  type Attribute,
  ElementType,
  type GraphSpec,
  type Initializer,
  type NodeSpec,
  type ValueSpec,
} from './onnx-model.ts'
import { type Bits, blockSize } from './quantize.ts'

const TYPES: Readonly<Record<string, ElementType>> = {
  F32: ElementType.float32,
  F16: ElementType.float16,
  BF16: ElementType.bfloat16,
}

/** MatMulNBits' `accuracy_level` that multiplies int8 by int8. */
const INT8_PRODUCTS = 4

/** How weight matrices are held: as they stand (computed in float32), or rounded to 8 or 4 bits block by block. */
export type Precision = 'float32' | 'int8' | 'int4'

/** A weight matrix that the graph expects quantised; whoever opens the session fills in both constants (see quantize.ts). */
export interface QuantizedWeight {
  readonly place: TensorPlace
  readonly name: string
  readonly bits: Bits
  readonly block: number
  /** Name of the uint8 constant, outputs × blocks × bytes per block. */
  readonly values: string
  /** Name of the float32 constant, outputs × blocks. */
  readonly scales: string
}

/** A matrix that tokens' states are multiplied by, for the estimate of memory. */
export interface Projection {
  readonly inputs: number
  readonly outputs: number
  /** Null: float32. */
  readonly quantized: { readonly bits: Bits; readonly block: number } | null
  /** Whether only each text's last token is multiplied. */
  readonly lastOnly: boolean
}

export interface BuiltGraph {
  readonly graph: GraphSpec
  readonly quantized: readonly QuantizedWeight[]
  readonly projections: readonly Projection[]
}

export interface ProjectOptions {
  /** Name of the bias; leave it out where a fused operator that follows takes it. */
  readonly bias?: string | undefined
  /** Bits of a quantised weight, where it is not to be those of the whole graph. */
  readonly bits?: Bits | undefined
  /** Whether `x` holds each text's last token only. Default false. */
  readonly lastOnly?: boolean
}

/**
 * Collects nodes and constants of a graph over a checkpoint. Pure: no file is read, weights are referred to by place.
 * Half-precision weights are cast in the graph; onnxruntime folds that into a float32 copy when it loads.
 */
export class GraphBuilder {
  /** Value: batch × length, int32, 1 for real tokens and 0 for padding behind them; '' where batches hold texts of one length. */
  paddingMask = ''
  private readonly nodes: NodeSpec[] = []
  private readonly constants = new Map<string, Initializer>()
  private readonly casts = new Map<string, string>()
  private readonly inputs: ValueSpec[] = []
  private readonly outputs: ValueSpec[] = []
  private readonly quantized: QuantizedWeight[] = []
  private readonly projections: Projection[] = []
  private readonly checkpoint: Checkpoint
  /** What stands before every name of the family in this checkpoint, e.g. `bert.`. */
  private readonly prefix: string
  private readonly precision: Precision

  constructor(checkpoint: Checkpoint, prefix: string, precision: Precision) {
    this.checkpoint = checkpoint
    this.prefix = prefix
    this.precision = precision
  }

  input(name: string, type: ElementType, dims: ValueSpec['dims']): string {
    this.inputs.push({ name, type, dims })
    return name
  }

  /** Adds an operator with one output; returns the output's name. */
  op(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.add('', type, inputs, attributes, 1)[0]!
  }

  /** An operator with several outputs; returns their names. */
  ops(type: string, inputs: readonly string[], outputs: number, attributes: NodeSpec['attributes'] = {}): string[] {
    return this.add('', type, inputs, attributes, outputs)
  }

  /** The same for onnxruntime's own fused operators (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md). */
  fused(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.add('com.microsoft', type, inputs, attributes, 1)[0]!
  }

  fuseds(type: string, inputs: readonly string[], outputs: number, attributes: NodeSpec['attributes'] = {}): string[] {
    return this.add('com.microsoft', type, inputs, attributes, outputs)
  }

  /** A constant of whole numbers; without `dims` a scalar for one number, else a list. */
  int64(values: readonly number[], scalar = false): string {
    const content = values.length > 8 ? `table ${this.constants.size}` : values.join(',')
    const name = `int64:${scalar ? 'scalar ' : ''}${content}`
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    this.constants.set(name, { name, type: ElementType.int64, dims: scalar ? [] : [values.length], data })
    return name
  }

  /** A constant of real numbers; without `dims` a scalar for one number, else a list. */
  float32(values: Float32Array, dims: readonly number[] = values.length === 1 ? [] : [values.length]): string {
    const name = `float32:${this.constants.size}`
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.constants.set(name, { name, type: ElementType.float32, dims, data })
    return name
  }

  /** A weight as float32, whatever the checkpoint's type. */
  weight(name: string, shape: readonly (number | null)[]): string {
    const stored = this.stored(name, shape)
    return this.toFloat32(stored.name, stored.place)
  }

  /** Rows of a table; half-precision tables are cast after the look-up, so that the table is never copied. */
  lookUp(table: string, width: number, indices: string): string {
    const { name, place } = this.stored(table, [null, width])
    const rows = this.op('Gather', [name, indices])
    return place.type === 'F32' ? rows : this.op('Cast', [rows], { to: ElementType.float32 })
  }

  /** Rows in a table of the checkpoint. */
  rows(table: string, width: number): number {
    return this.find(table, [null, width]).place.shape[0]!
  }

  /**
   * x · weightᵀ (+ bias) for a weight stored as torch stores it, outputs × inputs.
   * Where weights are quantised, the inputs are rounded to int8 too, each token by itself and block by block, so one token's outlier coarsens no other.
   */
  project(x: string, weight: string, inputs: number, outputs: number, options: ProjectOptions = {}): string {
    const bias = options.bias === undefined ? null : this.weight(options.bias, [outputs])
    const bits = options.bits ?? (this.precision === 'int4' ? 4 : 8)
    const block = this.precision === 'float32' ? null : blockSize(inputs, bits)
    const quantized = block === null ? null : { bits, block }
    this.projections.push({ inputs, outputs, quantized, lastOnly: options.lastOnly ?? false })
    if (block === null) {
      const product = this.fused('FusedMatMul', [x, this.weight(weight, [outputs, inputs])], { transB: 1 })
      return bias === null ? product : this.op('Add', [product, bias])
    }
    const { name, place } = this.find(weight, [outputs, inputs])
    const entry = { place, name, bits, block, values: `${name}:${bits} bits`, scales: `${name}:scales` }
    this.quantized.push(entry)
    const attributes = { K: inputs, N: outputs, bits, block_size: block, accuracy_level: INT8_PRODUCTS }
    const optional = bias === null ? [] : ['', '', bias]
    return this.fused('MatMulNBits', [x, entry.values, entry.scales, ...optional], attributes)
  }

  /** Gives a value out of the graph under a name of its own. */
  output(value: string, name: string, dims: ValueSpec['dims']): void {
    this.nodes.push({ type: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} })
    this.outputs.push({ name, type: ElementType.float32, dims })
  }

  finish(): BuiltGraph {
    const initializers = [...this.constants.values()]
    return {
      graph: { nodes: this.nodes, initializers, inputs: this.inputs, outputs: this.outputs },
      quantized: this.quantized,
      projections: this.projections,
    }
  }

  private add(
    domain: NodeSpec['domain'],
    type: string,
    inputs: readonly string[],
    attributes: NodeSpec['attributes'],
    count: number,
  ): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${type}:${this.nodes.length}${i === 0 ? '' : `.${i}`}`)
    this.nodes.push({ type, domain, inputs, outputs, attributes })
    return outputs
  }

  private stored(name: string, shape: readonly (number | null)[]): { name: string; place: TensorPlace } {
    const found = this.find(name, shape)
    const { file, offset, bytes, type } = found.place
    this.constants.set(found.name, {
      name: found.name,
      type: TYPES[type]!,
      dims: found.place.shape,
      data: { file, offset, bytes },
    })
    return found
  }

  private toFloat32(name: string, place: TensorPlace): string {
    if (place.type === 'F32') return name
    const known = this.casts.get(name)
    if (known !== undefined) return known
    const cast = this.op('Cast', [name], { to: ElementType.float32 })
    this.casts.set(name, cast)
    return cast
  }

  private find(short: string, shape: readonly (number | null)[]): { name: string; place: TensorPlace } {
    // Checkpoints converted from TensorFlow call a layer norm's weight and bias gamma and beta.
    const old = short.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta')
    const name = [this.prefix + short, this.prefix + old].find((candidate) => this.checkpoint.has(candidate))
    if (name === undefined)
      throw new FieldtrialError('MODEL_INVALID', `The checkpoint has no tensor ${this.prefix}${short}.`, {
        hint: 'Check that config.json and the weights belong to the same model.',
      })
    const place = this.checkpoint.get(name)!
    if (TYPES[place.type] === undefined)
      throw new FieldtrialError(
        'MODEL_INVALID',
        `The tensor ${name} has type ${place.type}; F32, F16 and BF16 can be used.`,
        {
          where: { file: place.file },
          hint: 'Save the model again as float32, float16 or bfloat16.',
        },
      )
    const fits =
      place.shape.length === shape.length && shape.every((size, i) => size === null || size === place.shape[i])
    if (!fits)
      throw new FieldtrialError(
        'MODEL_INVALID',
        `The tensor ${name} has shape [${place.shape}]; config.json asks for [${shape.map((s) => s ?? 'any')}].`,
        { where: { file: place.file }, hint: 'Check that config.json and the weights belong to the same model.' },
      )
    return { name, place }
  }
}
