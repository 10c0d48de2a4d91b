/** Precisions of the GGUF file that is made of a checkpoint, as studies name them: int8 is ggml's Q8_0. */
export const LLAMA_DTYPES = ['float32', 'float16', 'bfloat16', 'int8'] as const
export type LlamaDtype = (typeof LLAMA_DTYPES)[number]
