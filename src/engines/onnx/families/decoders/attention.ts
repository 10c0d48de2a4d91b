import type { GraphBuilder } from '../../graph-builder.ts'
import { ElementType } from '../../onnx-model.ts'
import { rmsNorm } from './layer.ts'
import { cacheNames } from './names.ts'
import { type Rope, ropeTables } from './rope.ts'
import type { DecoderShape, Window } from './shape.ts'

/** Values that all layers' attention shares. */
export interface Attending {
  readonly bidirectional: boolean
  readonly cache: boolean
  /** int32, batch numbers: tokens before and in this run, less one; of padded texts those that are real. */
  readonly lastIndices: string
  /** int32 scalar: tokens before and in this run. */
  readonly total: string
  /** int64, one number: the last token's position. */
  readonly lastPosition: string
  /** int64 scalar: tokens in this run. */
  readonly length: string
  tables(rope: Rope): readonly [cos: string, sin: string]
  /** 0 up to the window's reach, -∞ beyond; 1 × 1 × length × length. */
  band(reach: number): string
}

export function attendingOf(
  graph: GraphBuilder,
  ids: string,
  depth: number,
  shape: DecoderShape,
  options: { readonly attention: string; readonly cache: boolean; readonly maxPositions: number },
): Attending {
  const size = (value: string, axis: number) =>
    graph.op('Gather', [graph.op('Shape', [value]), graph.int64([axis], true)])
  const { kvHeads, headSize } = shape
  if (options.cache)
    for (let layer = 0; layer < depth; layer++) {
      const { pastKey, pastValue } = cacheNames(layer)
      for (const name of [pastKey, pastValue])
        graph.input(name, ElementType.float32, ['batch', kvHeads, 'past', headSize])
    }
  const length = size(ids, 1)
  const total = options.cache && depth > 0 ? graph.op('Add', [length, size(cacheNames(0).pastKey, 2)]) : length
  const last = graph.op('Sub', [total, graph.int64([1], true)])
  const batch = graph.op('Unsqueeze', [size(ids, 0), graph.int64([0])])
  const tables = new Map<Rope, readonly [string, string]>()
  const bands = new Map<number, string>()
  return {
    bidirectional: options.attention === 'bidirectional',
    cache: options.cache,
    lastIndices:
      graph.paddingMask === ''
        ? graph.op('Expand', [graph.op('Cast', [last], { to: ElementType.int32 }), batch])
        : lastOfMask(graph),
    total: graph.op('Cast', [total], { to: ElementType.int32 }),
    lastPosition: graph.op('Unsqueeze', [last, graph.int64([0])]),
    length,
    tables(rope) {
      const known = tables.get(rope)
      if (known !== undefined) return known
      const { cos, sin } = ropeTables(rope, options.maxPositions)
      const dims = [options.maxPositions, headSize / 2]
      const made = [graph.float32(cos, dims), graph.float32(sin, dims)] as const
      tables.set(rope, made)
      return made
    },
    band(reach) {
      const known = bands.get(reach)
      if (known !== undefined) return known
      const range = graph.op('Range', [graph.int64([0], true), length, graph.int64([1], true)])
      const distance = graph.op('Abs', [graph.op('Sub', [range, graph.op('Unsqueeze', [range, graph.int64([1])])])])
      const far = graph.op('Greater', [distance, graph.int64([reach], true)])
      const [zero, never] = [0, Number.NEGATIVE_INFINITY].map((value) => graph.float32(Float32Array.of(value)))
      const bias = graph.op('Where', [far, never!, zero!])
      const made = graph.op('Unsqueeze', [bias, graph.int64([0, 1])])
      bands.set(reach, made)
      return made
    },
  }
}

function lastOfMask(graph: GraphBuilder): string {
  const tokens = graph.op('ReduceSum', [graph.paddingMask, graph.int64([1])], { keepdims: 0 })
  return graph.op('Sub', [tokens, graph.op('Cast', [graph.int64([1], true)], { to: ElementType.int32 })])
}

/** Attention of all tokens: batch × length × (heads · head size). */
export function attend(
  graph: GraphBuilder,
  x: string,
  layer: number,
  at: string,
  shape: DecoderShape,
  attending: Attending,
): string {
  const { heads, kvHeads, scoreScale } = shape
  const { bidirectional, cache } = attending
  const query = heading(graph, x, 'q', heads, at, shape)
  const key = heading(graph, x, 'k', kvHeads, at, shape)
  const value = heading(graph, x, 'v', kvHeads, at, shape)
  const { pastKey, pastValue, key: presentKey, value: presentValue } = cacheNames(layer)
  const window = shape.windows[layer]!
  const attributes = {
    num_heads: heads,
    kv_num_heads: kvHeads,
    scale: { float: scoreScale },
    do_rotary: 1,
    causal: bidirectional ? 0 : 1,
    local_window_size: window === null || bidirectional ? -1 : window.causal,
  }
  const past = cache ? [pastKey, pastValue] : ['', '']
  const band = bidirectional && window !== null ? ['', attending.band(window.reach)] : []
  const inputs = [query, key, value, ...past, attending.lastIndices, attending.total]
  const [attended, keys, values] = graph.fuseds(
    'GroupQueryAttention',
    [...inputs, ...attending.tables(shape.ropes[layer]!), ...band],
    3,
    attributes,
  )
  if (cache) {
    const dims = ['batch', kvHeads, 'total', shape.headSize]
    graph.output(keys!, presentKey, dims)
    graph.output(values!, presentValue, dims)
  }
  return attended!
}

/**
 * Attention of the last token only, which sees all tokens, or all of its window: batch × 1 × (heads · head size). The heads that share a
 * head of keys go in as so many tokens of one head, so that keys and values are not copied for each.
 */
export function attendFromLast(
  graph: GraphBuilder,
  x: string,
  last: string,
  layer: number,
  at: string,
  shape: DecoderShape,
  attending: Attending,
): string {
  const { heads, kvHeads, headSize } = shape
  const group = heads / kvHeads
  const tables = attending.tables(shape.ropes[layer]!)
  const rotate = (value: string, position: string) => graph.fused('RotaryEmbedding', [value, position, ...tables])
  const query = rotate(heading(graph, last, 'q', heads, at, shape), attending.lastPosition)
  const grouped = graph.op('Transpose', [reshape(graph, query, [0, kvHeads, group, headSize])], { perm: [0, 2, 1, 3] })
  const key = rotate(heading(graph, x, 'k', kvHeads, at, shape), graph.int64([0]))
  const value = heading(graph, x, 'v', kvHeads, at, shape)
  const seen = tokensSeen(shape.windows[layer]!, attending.bidirectional)
  const [keys, values] = [key, value].map((all) =>
    seen === null
      ? all
      : graph.op('Slice', [all, graph.int64([-seen]), graph.int64([Number.MAX_SAFE_INTEGER]), graph.int64([1])]),
  )
  const attended = graph.fused(
    'MultiHeadAttention',
    [reshape(graph, grouped, [0, group, kvHeads * headSize]), keys!, values!],
    { num_heads: kvHeads, scale: { float: shape.scoreScale } },
  )
  const apart = graph.op('Transpose', [reshape(graph, attended, [0, group, kvHeads, headSize])], { perm: [0, 2, 1, 3] })
  return reshape(graph, apart, [0, 1, heads * headSize])
}

/** Keys that the last token sees in a window; null for all. */
function tokensSeen(window: Window | null, bidirectional: boolean): number | null {
  if (window === null) return null
  return bidirectional ? window.reach + 1 : window.causal
}

/** Queries, keys or values: batch × length × (heads · head size), normalised head by head where the model does so. */
function heading(
  graph: GraphBuilder,
  x: string,
  kind: 'q' | 'k' | 'v',
  heads: number,
  at: string,
  shape: DecoderShape,
): string {
  const { hidden, headSize, biases, headNorms } = shape
  const bias = biases.inputs ? `${at}self_attn.${kind}_proj.bias` : undefined
  // Shared by several heads of queries, keys and values are small; 8 bits cost little there, and 4 bits much.
  const bits = kind === 'q' ? undefined : 8
  const out = graph.project(x, `${at}self_attn.${kind}_proj.weight`, hidden, heads * headSize, { bias, bits })
  if (!headNorms || kind === 'v') return out
  const split = reshape(graph, out, [0, 0, heads, headSize])
  const normed = rmsNorm(graph, split, `${at}self_attn.${kind}_norm.weight`, shape, headSize)
  return reshape(graph, normed, [0, 0, heads * headSize])
}

/** Zeros keep the size that the axis has. */
function reshape(graph: GraphBuilder, value: string, sizes: readonly number[]): string {
  return graph.op('Reshape', [value, graph.int64(sizes)])
}
