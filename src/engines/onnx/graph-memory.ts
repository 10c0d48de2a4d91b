import type { BuiltGraph } from './graph-builder.ts'

/** onnxruntime itself, and what it keeps beside weights and states. */
const RUNTIME_BYTES = 200e6
const FLOAT_BYTES = 4
/** Its scores are computed for one token of a text only. */
const HEAD = /lm_head|embed_tokens/
/** States of one layer that are alive at once, in multiples of the widest one: inputs, outputs and what an operator works in. */
const LIVE_STATES = 6

/**
 * Bytes of memory that a graph takes once it is loaded and runs: matrices as float32 (16-bit ones are cast when it loads) or as rounded,
 * tables as they lie in the file, and working space for the longest batch. An estimate on the safe side, without attention scores, which
 * onnxruntime computes block by block.
 *
 * @param tokens Tokens of the largest batch.
 */
export function graphMemory({ graph, quantized }: BuiltGraph, tokens: number): { weights: number; memory: number } {
  const tables = new Set(graph.nodes.filter((node) => node.type === 'Gather').map((node) => node.inputs[0]!))
  // A table that is the language-model head, too, is multiplied with, and has a float32 copy for it.
  const multiplied = new Set(graph.nodes.filter((node) => node.type !== 'Gather').flatMap((node) => node.inputs))
  let weights = 0
  let constants = 0
  let widest = 0
  for (const { name, dims, data } of graph.initializers) {
    const elements = dims.reduce((product, size) => product * size, 1)
    if (data instanceof Uint8Array) constants += data.length
    else {
      if (tables.has(name)) weights += data.bytes
      if (multiplied.has(name)) weights += elements * FLOAT_BYTES
    }
    if (dims.length === 2 && !tables.has(name) && !HEAD.test(name)) widest = Math.max(widest, dims[0]!)
  }
  for (const { name, place, block, bits } of quantized) {
    const elements = place.shape.reduce((product, size) => product * size, 1)
    weights += (elements * bits) / 8 + (elements / block) * FLOAT_BYTES
    if (!HEAD.test(name)) widest = Math.max(widest, place.shape[0]!)
  }
  return { weights, memory: weights + constants + RUNTIME_BYTES + LIVE_STATES * tokens * widest * FLOAT_BYTES }
}
