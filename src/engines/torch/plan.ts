import type { DualPlan } from '../dual/items.ts'
import type { Placeholder } from '../image/placeholder.ts'
import type { GridSettings } from '../image/settings.ts'
import type { TextPlan } from '../text/plan.ts'

/** Number formats of weights and states. */
export const TORCH_DTYPES = ['float32', 'bfloat16', 'float16', 'float8'] as const
export type TorchDtype = (typeof TORCH_DTYPES)[number]

/** How a vision-language model reads images. */
export interface VisionPlan {
  readonly settings: GridSettings
  readonly placeholder: Placeholder
}

/** All that is needed to start workers and to talk to them. */
export interface TorchPlan extends TextPlan {
  readonly python: string
  /** Folder that transformers loads: that of config.json and weights, or of the GGUF file. */
  readonly weightsFolder: string
  readonly gguf: string | null
  readonly adapter: string | null
  readonly dtype: TorchDtype
  /** As PyTorch names them; a worker for each, also where one stands there twice. */
  readonly devices: readonly string[]
  /** Whether the model is a language model, whose states can be taken from any layer. */
  readonly decoder: boolean
  /** Whether sequences are packed one behind the other; else they are padded. */
  readonly packed: boolean
  /** config.json, for the check of the tokenizer; null where the tokenizer was made from the same GGUF file. */
  readonly tokenizerOf: Readonly<Record<string, unknown>> | null
  /** The most tokens that a prompt may have; null where the tokenizer's own limit is all there is. */
  readonly positions: number | null
  readonly budget: number
  /** Null: model or recipe take text only. */
  readonly vision: VisionPlan | null
  /** Null: not CLIP or SigLIP. */
  readonly dual: DualPlan | null
  readonly weightBytes: number | null
}
