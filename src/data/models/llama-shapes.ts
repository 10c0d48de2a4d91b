import { shape } from './build.ts'
import type { ModelShape } from './types.ts'

/** Sizes of Llama 3, 3.1, 3.2 and 3.3, as in the config.json files that LitGPT's list quotes. */
export const LLAMA_SHAPES = {
  '1b': shape(16, 2048, 32, 8, 8192, 128_256, 'tied'),
  '3b': shape(28, 3072, 24, 8, 8192, 128_256, 'tied'),
  '8b': shape(32, 4096, 32, 8, 14_336, 128_256, 'own'),
  '70b': shape(80, 8192, 64, 8, 28_672, 128_256, 'own'),
} as const satisfies Record<string, ModelShape>
