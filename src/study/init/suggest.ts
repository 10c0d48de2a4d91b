import { type DefaultRecipe, type MemoryEstimate, memoryEstimate, requireModel } from '../../data/models/index.ts'

/** A model that fits into memory, as a study names it. */
export interface Suggestion {
  readonly model: string
  /** Absent for float32. */
  readonly dtype?: 'int8'
  /** The recipe that fits it, where its own files do not say how it becomes a retriever. */
  readonly recipe?: DefaultRecipe
  /** Memory that its weights take. */
  readonly bytes: number
  readonly why: string
}

/** Weights may take this share of the memory; the rest is for activations, vectors and the system. */
const WEIGHTS_SHARE = 0.6
const SMALLEST = 'all-minilm-l6-v2'
/** From small to large. */
const ENCODERS = [
  'bge-small-en-v1.5',
  'bge-base-en-v1.5',
  'qwen3-embedding-0.6b',
  'qwen3-embedding-4b',
  'qwen3-embedding-8b',
]
const LANGUAGE_MODELS = {
  text: ['qwen2.5-0.5b-instruct', 'qwen2.5-1.5b-instruct', 'qwen2.5-7b-instruct'],
  code: ['qwen2.5-coder-0.5b-instruct', 'qwen2.5-coder-1.5b-instruct', 'qwen2.5-coder-7b-instruct'],
} as const

/**
 * Models for a first study within a budget of memory: a small encoder, the largest retriever that fits, and the largest language model that
 * fits, of the kind that the data asks for; weights in float32, or in 8 bits where only they fit.
 *
 * @param memoryBytes Memory of the machine, or what the user grants.
 */
export function suggestModels(memoryBytes: number, data: 'text' | 'code'): Suggestion[] {
  const budget = memoryBytes * WEIGHTS_SHARE
  const chosen = [
    fitting(SMALLEST, budget, 'small and quick: what a larger one has to beat'),
    largest(ENCODERS, budget, 'the largest retriever of its kind that fits'),
    largest(LANGUAGE_MODELS[data], budget, 'a language model as a retriever, by its default recipe'),
  ]
  return chosen.filter((suggestion) => suggestion !== undefined)
}

function largest(names: readonly string[], budget: number, why: string): Suggestion | undefined {
  return names.map((name) => fitting(name, budget, why)).findLast((suggestion) => suggestion !== undefined)
}

function fitting(name: string, budget: number, why: string): Suggestion | undefined {
  const entry = requireModel(name)
  const dtype = (['float32', 'int8'] as const).find((one) => whole(memoryEstimate(entry, one)) <= budget)
  if (dtype === undefined) return undefined
  const { recipe } = entry
  return {
    model: name,
    bytes: whole(memoryEstimate(entry, dtype)),
    why,
    ...(dtype === 'int8' ? { dtype } : {}),
    ...(recipe === null || recipe.recipe === 'sentence-transformers' ? {} : { recipe }),
  }
}

const whole = (estimate: MemoryEstimate | null) =>
  estimate === null ? Number.POSITIVE_INFINITY : estimate.bytes + estimate.headBytes
