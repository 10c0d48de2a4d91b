import type { GgufFacts } from './facts.ts'
import type { LlamaPlan } from './plan.ts'

const GIB = 2 ** 30
/** Node with llama.cpp and a vocabulary, measured: 0.2 GiB. */
const PROCESS = 0.25 * GIB
/** On the processor llama.cpp lays weights of some types out anew, beside the file that is mapped. */
const COPIES = 2
/** Keys and values are kept in 16 bits. */
const KV_BYTES = 2
/** States of a layer that live at the same time: as multiples of the hidden and the inner width. */
const LIVE = { hidden: 8, inner: 3 }

/**
 * The machine's own memory that the process takes at most, in bytes: weights, keys and values, states, and the scores of the vocabulary, which
 * llama.cpp computes for every token whether they are asked for or not, and keeps twice.
 */
export function memoryNeeded(
  plan: LlamaPlan,
  { hidden, shape, facts: { decoder } }: GgufFacts,
  weightBytes: number,
): number {
  if (plan.device !== 'cpu') return PROCESS + weightBytes
  const states = plan.batchTokens * (LIVE.hidden * hidden + LIVE.inner * shape.inner) * 4
  const scores = decoder ? 2 * plan.batchTokens * shape.vocabulary * 4 : 0
  const kv = decoder ? 2 * shape.layers * shape.kvWidth * plan.positions * KV_BYTES : 0
  return PROCESS + COPIES * weightBytes + states + scores + kv
}
