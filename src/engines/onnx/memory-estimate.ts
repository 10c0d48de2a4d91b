import type { BuiltGraph, Projection } from './graph-builder.ts'
import type { NodeSpec } from './onnx-model.ts'

/** What onnxruntime and its buffers take beside the weights, measured. */
const BASE = 192 * 2 ** 20
/** Buffers of a layer that live at the same time, as multiples of the widest projection's inputs and outputs, measured. */
const LIVE = 5
const FLOAT = 4

/**
 * Memory that a session of the graph takes at its largest, in bytes: weights as onnxruntime packs them, the copy that it makes while it
 * packs the largest, and the states of the tokens of one run. Embedding tables do not count: they stay in their files, which the system
 * maps in and drops as it needs.
 *
 * Quantised weights are taken to come from a folder; made in memory they need three times as much while the session opens.
 *
 * @param tokens Tokens of the largest batch; taken to be one text where attention scores are held for all pairs of its tokens.
 */
export function graphMemory({ graph, projections }: BuiltGraph, tokens: number): number {
  const weights = projections.map(weightBytes)
  const folded = projections.filter(({ quantized }) => quantized === null).map(weightBytes)
  const constants = graph.initializers.map(({ data }) => (data instanceof Uint8Array ? data.length : 0))
  const widest = largest(projections.filter(({ lastOnly }) => !lastOnly).map(({ inputs, outputs }) => inputs + outputs))
  const scores = largest(graph.nodes.map(scoreHeads)) * tokens ** 2 * FLOAT
  return BASE + sum(weights) + largest(folded) + sum(constants) + tokens * widest * LIVE * FLOAT + scores
}

function weightBytes({ inputs, outputs, quantized }: Projection): number {
  const count = inputs * outputs
  if (quantized === null) return count * FLOAT
  // A scale and a sum for each block.
  return (count * quantized.bits) / 8 + (count / quantized.block) * 2 * FLOAT
}

/** Heads whose scores are all held at once: plain causal attention goes block by block, any other does not. */
function scoreHeads({ type, attributes }: NodeSpec): number {
  if (type !== 'GroupQueryAttention' || (attributes.causal === 1 && attributes.local_window_size === -1)) return 0
  return attributes.num_heads as number
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0)
}
