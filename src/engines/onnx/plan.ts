import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { ShippedModel } from './files.ts'
import type { Checkpoint } from './safetensors.ts'

/** Precision of the weights. Products are computed in float32, or for the other two from int8 activations, block by block. */
export type WeightDtype = 'float32' | 'int8' | 'int4'

/** What computes: the processor, or one of onnxruntime's other execution providers where it was built with them. */
export type Device = 'cpu' | 'cuda' | 'coreml' | 'dml' | 'webgpu'

export type PlannedWeights =
  | {
      /** A graph is written over the checkpoint. */
      readonly kind: 'encoder' | 'decoder'
      readonly config: JsonObject
      readonly checkpoint: Checkpoint
      readonly dtype: WeightDtype
      /** Folder for quantised copies of the weights and the name of this model's; null: they are made anew in memory each time. */
      readonly quantized: { readonly folder: string; readonly key: string } | null
      /** The most tokens that a prompt may have. */
      readonly positions: number
    }
  | { readonly kind: 'shipped'; readonly model: ShippedModel }

/** All that the worker needs to load an encoder; passes between threads as it is. */
export interface EncoderPlan {
  readonly folder: string
  readonly weights: PlannedWeights
  readonly device: Device
  readonly tokenizerFile: string
  readonly tokenizerConfig: JsonObject | null
  /** Whether the sentence config asks for lower case before the tokenizer. */
  readonly lowerCase: boolean
  /** Stands for a text of which no token is left (an empty one without prompt): there must be a vector. Null: the model names no such token. */
  readonly emptyToken: string | null
  readonly recipe: Recipe
  readonly head: readonly HeadStep[]
  readonly batchTokens: number
}
