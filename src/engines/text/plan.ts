import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { Recipe } from '../../recipes/types.ts'

/** All that turns texts into token ids and pooled states into vectors, whatever runs the model. Passes between threads as it is. */
export interface TextPlan {
  /** The model's folder; weights of the head lie in it. */
  readonly folder: string
  readonly tokenizerFile: string
  readonly tokenizerConfig: JsonObject | null
  /** Whether the sentence config asks for lower case before the tokenizer. */
  readonly lowerCase: boolean
  /** Stands for a text of which no token is left (an empty one without prompt): there must be a vector. Null: the model names no such token. */
  readonly emptyToken: string | null
  readonly recipe: Recipe
  readonly head: readonly HeadStep[]
}
