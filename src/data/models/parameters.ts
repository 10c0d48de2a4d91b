import type { ModelShape } from './types.ts'

/** The families of decoders differ in their biases and norms. */
export type DecoderFamily = 'qwen2' | 'qwen3' | 'llama' | 'mistral' | 'gemma2' | 'gemma3'

/**
 * Weights of a decoder by its shape: embeddings, per layer the four projections of attention, the three matrices of the gated feed-forward part
 * and the family's norms and biases, a last norm, and the head where it is a matrix of its own.
 */
export function decoderParameters(family: DecoderFamily, shape: ModelShape): number {
  const { layers, hidden, heads, kvHeads, headSize, intermediate, vocabulary, head } = shape
  const queries = heads * headSize
  const keys = kvHeads * headSize
  const matrices = 2 * hidden * queries + 2 * hidden * keys + 3 * hidden * intermediate
  const biases = family === 'qwen2' ? queries + 2 * keys : 0
  const headNorms = family === 'qwen3' || family === 'gemma3' ? 2 * headSize : 0
  const norms = (family === 'gemma2' || family === 'gemma3' ? 4 : 2) * hidden
  const tables = vocabulary * hidden * (head === 'own' ? 2 : 1)
  return tables + layers * (matrices + biases + headNorms + norms) + hidden
}

/** How BERT's kin differ in their embeddings. */
export interface EncoderEmbeddings {
  /** Rows of the table of positions. */
  readonly positions: number
  /** Rows of the table of token types; 0 for none. */
  readonly tokenTypes: number
  /** Buckets of relative positions (MPNet); 0 for none. */
  readonly relativeBuckets: number
}

/** Weights of a BERT-like encoder with its pooler: embeddings with a norm, per layer four square projections, two of the feed-forward part, biases and two norms. */
export function encoderParameters(shape: ModelShape, embeddings: EncoderEmbeddings): number {
  const { layers, hidden, heads, intermediate, vocabulary } = shape
  const rows = vocabulary + embeddings.positions + embeddings.tokenTypes
  const attention = 4 * (hidden * hidden + hidden)
  const feedForward = 2 * hidden * intermediate + intermediate + hidden
  const pooler = hidden * hidden + hidden
  return (
    (rows + 2) * hidden + embeddings.relativeBuckets * heads + layers * (attention + feedForward + 4 * hidden) + pooler
  )
}

/**
 * Weights of Qwen2.5-VL's vision tower: patches of 14 × 14 pixels and two frames, 32 blocks of width 1280 with a gated feed-forward part, and the
 * merger of four patches into one token of the language model.
 *
 * @param intermediate Width of the blocks' feed-forward part.
 * @param hidden Width of the language model.
 */
export function qwenVisionParameters(intermediate: number, hidden: number): number {
  const width = 1280
  const patches = 3 * 2 * 14 * 14 * width
  const attention = width * 3 * width + 3 * width + width * width + width
  const feedForward = 3 * width * intermediate + 2 * intermediate + width
  const merged = 4 * width
  const merger = width + merged * merged + merged + merged * hidden + hidden
  return patches + 32 * (2 * width + attention + feedForward) + merger
}
