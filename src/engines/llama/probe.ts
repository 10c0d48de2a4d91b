import { gpuOption, type LlamaDevice } from './devices.ts'
import { LlamaProcess } from './process.ts'
import type { LlamaFacts } from './protocol.ts'

const known = new Map<string, Promise<LlamaFacts>>()

/**
 * Starts llama.cpp in a process of its own and asks what it is; once per device for this process.
 *
 * @throws FieldtrialError `ENGINE_FAILED` where there is no build for the machine and the device.
 */
export function probeLlama(module: string, device: LlamaDevice): Promise<LlamaFacts> {
  const key = `${module} ${device}`
  let facts = known.get(key)
  if (facts === undefined) {
    facts = ask(module, device)
    known.set(key, facts)
    // One that was killed says nothing of the next.
    facts.catch(() => known.delete(key))
  }
  return facts
}

async function ask(module: string, device: LlamaDevice): Promise<LlamaFacts> {
  const child = new LlamaProcess()
  try {
    return await child.request<LlamaFacts>({ method: 'probe', module, gpu: gpuOption(device) })
  } finally {
    await child.close()
  }
}
