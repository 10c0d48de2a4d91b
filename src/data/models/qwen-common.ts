import { shape } from './build.ts'
import type { ModelShape, SpecialToken } from './types.ts'

/** Sizes of Qwen2.5, which its code, mathematics and vision relatives share; as in the config.json files that LitGPT's list quotes. */
export const QWEN25_SHAPES = {
  '0.5b': shape(24, 896, 14, 2, 4864, 151_936, 'tied'),
  '1.5b': shape(28, 1536, 12, 2, 8960, 151_936, 'tied'),
  '3b': shape(36, 2048, 16, 2, 11_008, 151_936, 'tied'),
  '7b': shape(28, 3584, 28, 4, 18_944, 152_064, 'own'),
  '14b': shape(48, 5120, 40, 8, 13_824, 152_064, 'own'),
  '32b': shape(64, 5120, 40, 8, 27_648, 152_064, 'own'),
  '72b': shape(80, 8192, 64, 8, 29_568, 152_064, 'own'),
} as const satisfies Record<string, ModelShape>

export type Qwen25Size = keyof typeof QWEN25_SHAPES

export const END_OF_TEXT: SpecialToken = { text: '<|endoftext|>', id: 151_643 }
export const TURN_END: SpecialToken = { text: '<|im_end|>', id: 151_645 }

/** Default system turns of the Qwen2.5 chat templates: they differ by model, so that a prompt without one is not the same prompt. */
export const SYSTEM_PLAIN = 'You are a helpful assistant.'
export const SYSTEM_QWEN = 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.'
export const SYSTEM_MATH = 'Please reason step by step, and put your final answer within \\boxed{}.'

/** Sizes of whose config the field that ties the head to the embeddings was seen; for the others it is from memory. */
export function headUnseen(size: string): readonly 'head'[] {
  return size === '1.5b' || size === '7b' ? [] : ['head']
}

/** The licence of a Qwen2.5 size: two sizes have one of their own. */
export function qwenLicence(size: string): string {
  return size === '3b' ? 'qwen-research' : size === '72b' ? 'qwen' : 'apache-2.0'
}
