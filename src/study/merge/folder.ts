import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asWriteError, makeFolder, removeLeftovers, temporaryName, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { MergeReport, PreparedMerge } from '../../fusion/weights/index.ts'
import type { MergeSearchResult } from './search.ts'

/**
 * Makes sure that nothing will be written over.
 *
 * @throws FieldtrialError `USAGE` where the folder holds something.
 */
export async function emptyFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    if (systemCode(error) === 'ENOTDIR') return [folder]
    throw error
  })
  if (names.length > 0)
    throw new FieldtrialError('USAGE', `${folder} is not an empty folder.`, {
      hint: 'Name a new folder with --output.',
    })
}

/** Writes a merge into a folder that is there whole or not at all; how its weights were searched lies beside it. */
export async function writeMerge(
  prepared: PreparedMerge,
  folder: string,
  search: MergeSearchResult | null,
  work: LongWork,
): Promise<MergeReport> {
  await makeFolder(dirname(folder)).catch((error: unknown) => {
    throw asWriteError(error, folder)
  })
  await removeLeftovers(folder)
  const temporary = temporaryName(folder)
  try {
    await mkdir(temporary)
    const report = await prepared.write(temporary, work)
    if (search !== null) await writeAtomic(join(temporary, 'search.json'), `${JSON.stringify(search, null, 2)}\n`)
    await rm(folder, { recursive: true, force: true })
    await rename(temporary, folder)
    return report
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw asWriteError(error, folder)
  }
}
