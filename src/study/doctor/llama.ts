import { FieldtrialError } from '../../core/errors.ts'
import { findLlama } from '../../engines/llama/package.ts'
import { probeLlama } from '../../engines/llama/probe.ts'
import type { Check } from './check.ts'

/** llama.cpp of engine llama, which nothing else needs: where it is not installed, that is told and is no fault. */
export async function checkLlama(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Check> {
  const name = 'llama.cpp'
  let module: string
  try {
    module = findLlama(env)
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    return { name, status: 'ok', detail: 'not installed; `fieldtrial setup llama` does, for GGUF files' }
  }
  try {
    const { version, release, gpu, devices } = await probeLlama(module, 'auto')
    const where = gpu === false ? 'processor' : `${gpu} (${devices.join(', ')})`
    return { name, status: 'ok', detail: `${release} in node-llama-cpp ${version}: ${where}` }
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    return { name, status: 'failed', detail: error.message, ...(error.hint ? { hint: error.hint } : {}) }
  }
}
