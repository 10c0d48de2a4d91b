import type { BuiltGraph } from './graph-builder.ts'

const FLOAT_BYTES = 4

/**
 * Bytes of a graph's weights once it is loaded: matrices as float32 (16-bit ones are cast when it loads) or as rounded, with their scales;
 * tables as they lie in the file. What it takes beside them is `graphMemory`'s to say.
 */
export function graphWeights({ graph, quantized }: BuiltGraph): number {
  const tables = new Set(graph.nodes.filter((node) => node.type === 'Gather').map((node) => node.inputs[0]!))
  // A table that is the language-model head, too, is multiplied with, and has a float32 copy for it.
  const multiplied = new Set(graph.nodes.filter((node) => node.type !== 'Gather').flatMap((node) => node.inputs))
  let bytes = 0
  for (const { name, dims, data } of graph.initializers) {
    if (data instanceof Uint8Array) continue
    if (tables.has(name)) bytes += data.bytes
    if (multiplied.has(name)) bytes += product(dims) * FLOAT_BYTES
  }
  for (const { place, block, bits } of quantized)
    bytes += (product(place.shape) * bits) / 8 + (product(place.shape) / block) * FLOAT_BYTES
  return bytes
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1)
}
