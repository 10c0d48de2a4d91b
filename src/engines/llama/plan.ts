import type { TextPlan } from '../text/plan.ts'
import type { LlamaDevice } from './devices.ts'

/** What llama.cpp makes of a sequence's states, by the numbers that GGUF has for it. */
export const POOLING_TYPES = { mean: 1, cls: 2, lasttoken: 3 } as const
export type LlamaPooling = keyof typeof POOLING_TYPES

/** All that is needed to start a process with the model, and to talk to it. */
export interface LlamaPlan extends TextPlan {
  /** Address of the module node-llama-cpp. */
  readonly module: string
  /** The GGUF file, of several parts the first. */
  readonly file: string
  readonly architecture: string
  readonly device: Exclude<LlamaDevice, 'auto'>
  readonly pooling: LlamaPooling
  /** Whether tokens see only those before them; null: as the file says. */
  readonly causal: boolean | null
  /** The most tokens that a prompt may have. */
  readonly positions: number
  /** Tokens that go through the model at once. */
  readonly batchTokens: number
}
