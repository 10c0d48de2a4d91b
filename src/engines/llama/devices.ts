/** What computes, as studies name it. `auto`: the best that the machine and the installed builds of llama.cpp have. */
export const LLAMA_DEVICES = ['auto', 'cpu', 'metal', 'cuda', 'vulkan'] as const
export type LlamaDevice = (typeof LLAMA_DEVICES)[number]

/** As node-llama-cpp names them: false is the processor. */
export function gpuOption(device: LlamaDevice): 'auto' | 'metal' | 'cuda' | 'vulkan' | false {
  return device === 'cpu' ? false : device
}
