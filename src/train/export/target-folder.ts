import { readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asWriteError, makeFolder, removeLeftovers, temporaryName } from '../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../core/errors.ts'

/**
 * Makes a folder whole or not at all: under a temporary name beside it, renamed in the end.
 *
 * @throws FieldtrialError `USAGE` where the folder is there and holds something; `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function writeFolder<T>(folder: string, write: (partial: string) => Promise<T>): Promise<T> {
  await requireFree(folder)
  await removeLeftovers(folder)
  const partial = temporaryName(folder)
  try {
    await makeFolder(partial)
    const result = await write(partial)
    // An empty folder that was there gives way.
    await rm(folder, { recursive: true, force: true })
    await rename(partial, folder)
    return result
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw asWriteError(error, folder)
  }
}

/** @throws FieldtrialError `USAGE` where there is a file, or a folder that holds something. */
export async function requireFree(folder: string): Promise<void> {
  let entries: string[]
  try {
    entries = await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      await makeFolder(dirname(folder)).catch((cause: unknown) => {
        throw asWriteError(cause, folder)
      })
      return
    }
    if (systemCode(error) !== 'ENOTDIR') throw error
    throw new FieldtrialError('USAGE', `${folder} is a file.`, { hint: 'Name a new folder with --output.' })
  }
  if (entries.length > 0)
    throw new FieldtrialError('USAGE', `${folder} is there already and holds ${entries.length} files.`, {
      hint: 'Name a new folder with --output, or remove that one first.',
    })
}
