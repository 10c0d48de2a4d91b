import type { ModelFacts } from './types.ts'

/** Values of `model_type` of models that take images. */
const VISION = /^(qwen2_vl|qwen2_5_vl|qwen3_vl|qwen3_vl_moe|llava|llava_next|gemma3|mllama|idefics\d?|internvl|phi3_v)$/

export function seesImages({ architecture }: ModelFacts): boolean {
  return VISION.test(architecture)
}
