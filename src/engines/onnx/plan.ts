import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import type { ShippedModel } from '../text/files.ts'
import type { TextPlan } from '../text/plan.ts'
import type { Checkpoint } from '../text/safetensors.ts'

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

/** All that the worker needs to load an encoder. */
export interface EncoderPlan extends TextPlan {
  readonly weights: PlannedWeights
  readonly device: Device
  readonly batchTokens: number
}
