import { stat } from 'node:fs/promises'
import { removeLeftovers } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { withLock } from '../../core/lock.ts'
import type { OnProgress } from '../../core/progress.ts'
import { readGguf } from '../text/gguf/file.ts'
import type { GgufDecoder } from '../text/gguf/write/decoder.ts'
import type { GgufDtype } from '../text/gguf/write/tensor-bytes.ts'
import { writeTensors } from '../text/gguf/write/tensors.ts'

/** Whether the file is there; whole or not is looked at when it is needed. */
export async function isConverted(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}

/**
 * Writes a decoder's GGUF file unless it is there and whole; of several processes one writes, and the others wait for it.
 *
 * @param name Of the model, for messages.
 * @throws FieldtrialError `MODEL_INVALID` for weights that cannot be written, `DISK_FULL`, `NOT_WRITABLE`, `CANCELLED`.
 */
export async function convertOnce(
  file: string,
  name: string,
  dtype: GgufDtype,
  describe: () => Promise<GgufDecoder>,
  work: { readonly signal?: AbortSignal; readonly onProgress?: OnProgress },
): Promise<void> {
  const { signal, onProgress } = work
  if (await isWhole(file)) return
  await withLock(
    `${file}.lock`,
    async () => {
      if (await isWhole(file)) return
      await removeLeftovers(file)
      const { architecture, metadata } = await describe()
      await writeTensors(architecture, metadata, dtype, file, {
        ...(signal ? { signal } : {}),
        ...(onProgress
          ? { onProgress: (told) => onProgress({ ...told, step: 'convert to GGUF', subject: name }) }
          : {}),
      })
    },
    signal ? { signal } : {},
  )
}

/** What was cut short, or overwritten, is made again. */
async function isWhole(file: string): Promise<boolean> {
  try {
    await readGguf(file)
    return true
  } catch (error) {
    if (error instanceof FieldtrialError && ['MODEL_MISSING', 'MODEL_INVALID'].includes(error.code)) return false
    throw error
  }
}
