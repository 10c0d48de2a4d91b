import { shape } from './build.ts'
import type { ModelShape } from './types.ts'

/** Sizes of Qwen3, as in the config.json files that LitGPT's list quotes. Heads are 128 wide whatever the hidden size. */
export const QWEN3_SHAPES = {
  '0.6b': shape(28, 1024, 16, 8, 3072, 151_936, 'tied', 128),
  '1.7b': shape(28, 2048, 16, 8, 6144, 151_936, 'tied', 128),
  '4b': shape(36, 2560, 32, 8, 9728, 151_936, 'tied', 128),
  '8b': shape(36, 4096, 32, 8, 12_288, 151_936, 'own', 128),
  '14b': shape(40, 5120, 40, 8, 17_408, 151_936, 'own', 128),
  '32b': shape(64, 5120, 64, 8, 25_600, 151_936, 'own', 128),
} as const satisfies Record<string, ModelShape>

export type Qwen3Size = keyof typeof QWEN3_SHAPES
