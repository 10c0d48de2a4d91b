import type { ModelEntry } from './types.ts'

export const MODEL_DTYPES = ['float32', 'bfloat16', 'int8', 'int4'] as const
export type ModelDtype = (typeof MODEL_DTYPES)[number]

/** One summand of an estimate. */
export interface MemoryPart {
  readonly what: string
  readonly parameters: number
  readonly bytesPerParameter: number
  readonly bytes: number
}

export interface MemoryEstimate {
  /** Bytes of the weights that dense vectors need: the parts without the head. */
  readonly bytes: number
  /** Bytes more where the language model's head is a matrix of its own and a recipe needs it (the sparse half of PromptReps); else 0. */
  readonly headBytes: number
  readonly parts: readonly MemoryPart[]
  /** The sum in words. */
  readonly explanation: string
}

/** Bytes per weight of a matrix. Integers carry one float32 scale per block of 128 (int8) or 32 (int4) of them. */
const MATRIX_BYTES: Readonly<Record<ModelDtype, number>> = {
  float32: 4,
  bfloat16: 2,
  int8: 1 + 4 / 128,
  int4: 0.5 + 4 / 32,
}

/** Bytes per weight of what is never quantised: the table of embeddings, which is looked up and not multiplied, and vision towers. */
const TABLE_BYTES: Readonly<Record<ModelDtype, number>> = { float32: 4, bfloat16: 2, int8: 4, int4: 4 }

/**
 * Memory that a model's weights take, before activations: matrices × their bytes + tables × theirs. Norms and biases (below a thousandth) count
 * as matrices. What activations take depends on batch and length and is estimated by the engine.
 *
 * @returns Null where the number of parameters is unknown, and for adapters, which need another model's weights.
 */
export function memoryEstimate(entry: ModelEntry, dtype: ModelDtype): MemoryEstimate | null {
  if (entry.parameters === null || entry.kind === 'adapter') return null
  const { vocabulary, hidden, head } = entry.shape
  const table = vocabulary * hidden
  const headWeights = head === 'own' ? table : 0
  const parts: MemoryPart[] = [
    part('layers', entry.parameters - table - headWeights - entry.visionParameters, MATRIX_BYTES[dtype]),
    part('token embeddings', table, TABLE_BYTES[dtype]),
  ]
  if (entry.visionParameters > 0) parts.push(part('vision tower', entry.visionParameters, TABLE_BYTES[dtype]))
  const bytes = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const headBytes = Math.round(headWeights * MATRIX_BYTES[dtype])
  const sum = parts.map((p) => `${p.what} ${millions(p.parameters)} × ${p.bytesPerParameter}`).join(' + ')
  const withHead =
    headBytes > 0
      ? `; ${millions(headWeights)} × ${MATRIX_BYTES[dtype]} more for the head, where scores of tokens are needed`
      : ''
  return { bytes, headBytes, parts, explanation: `${sum} bytes = ${(bytes / 1e9).toFixed(2)} GB${withHead}` }
}

function part(what: string, parameters: number, bytesPerParameter: number): MemoryPart {
  return { what, parameters, bytesPerParameter, bytes: Math.round(parameters * bytesPerParameter) }
}

const millions = (n: number) => `${(n / 1e6).toFixed(1)}M`
