import { readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { makeFolder, temporaryName } from '../../core/atomic.ts'
import { giveBack, takeProcess } from './worker-pool.ts'

/** What the worker makes of a GGUF file's header: the folder holds config.json and the tokenizer's files. */
export interface GgufFiles {
  readonly folder: string
  readonly parameters: number
}

/**
 * Makes (once per file's content) a folder with config.json and tokenizer of a GGUF file, so that it can be read as any other model's.
 *
 * @param key Names the content: the file's hash and the versions that write the folder.
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` where the file is no GGUF or cut short.
 */
export async function exportGguf(python: string, file: string, cache: string, key: string): Promise<GgufFiles> {
  const folder = join(cache, key, basename(file, '.gguf'))
  const made = () => stat(join(folder, 'gguf.json')).catch(() => null)
  if ((await made()) === null) {
    const partial = temporaryName(join(cache, key))
    await makeFolder(partial)
    const worker = takeProcess(python)
    try {
      await worker.request({ method: 'export-gguf', file, out: partial })
      await makeFolder(join(cache, key))
      await rename(partial, folder).catch(async (error: unknown) => {
        // Another process was first.
        if ((await made()) === null) throw error
      })
    } finally {
      await giveBack(python, worker)
      await rm(partial, { recursive: true, force: true })
    }
  }
  const { parameters } = JSON.parse(await readFile(join(folder, 'gguf.json'), 'utf8')) as { parameters: number }
  return { folder, parameters }
}
