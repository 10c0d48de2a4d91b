import { availableMemory } from 'node:process'
import { FieldtrialError } from '../../core/errors.ts'
import type { EncoderInfo } from '../types.ts'

const GIB = 2 ** 30
/** What makes a model smaller, by engine. */
const LESS: Readonly<Record<EncoderInfo['engine'], string>> = {
  onnx: 'dtype int8 or int4',
  torch: 'dtype bfloat16',
  llama: 'dtype int8, a file of fewer bits, a smaller maxLength',
  http: 'another server',
}

/**
 * Compares what a model will take with what the machine can give, before a byte is loaded: a process that the system ends for want of memory
 * says nothing, and takes the study with it.
 *
 * @param available Bytes; default: what the system, or the container's limit, says is free.
 * @throws FieldtrialError `ENGINE_FAILED` with both figures.
 */
export function requireMemory(info: EncoderInfo, available: number = availableMemory()): void {
  const { memoryBytes } = info
  if (memoryBytes === null || memoryBytes <= available) return
  throw new FieldtrialError(
    'ENGINE_FAILED',
    `${info.model} needs about ${(memoryBytes / GIB).toFixed(1)} GiB of memory; ${(available / GIB).toFixed(1)} GiB are free. It was not loaded.`,
    {
      hint: `Use ${LESS[info.engine]}, a smaller model, or a machine with more memory.`,
    },
  )
}
