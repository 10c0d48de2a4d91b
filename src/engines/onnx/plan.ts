import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { ShippedModel } from './files.ts'
import type { Checkpoint } from './safetensors.ts'

/** All that the worker needs to load an encoder; passes between threads as it is. */
export interface EncoderPlan {
  readonly folder: string
  readonly weights:
    | {
        readonly kind: 'checkpoint'
        readonly config: JsonObject
        readonly checkpoint: Checkpoint
        readonly int8: boolean
      }
    | { readonly kind: 'shipped'; readonly model: ShippedModel }
  readonly tokenizerFile: string
  readonly tokenizerConfig: JsonObject | null
  /** Whether the sentence config asks for lower case before the tokenizer. */
  readonly lowerCase: boolean
  readonly recipe: Recipe
  readonly head: readonly HeadStep[]
  readonly batchTokens: number
}
