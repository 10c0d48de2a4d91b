import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asWriteError, makeFolder, removeLeftovers, temporaryName } from '../../../core/atomic.ts'
import { FieldtrialError } from '../../../core/errors.ts'
import { asReadError, pathOf } from '../../../core/read-error.ts'

/** What this tool writes into a folder; anything else there is the user's. */
const OWN: readonly string[] = ['corpus.jsonl', 'queries.jsonl', 'qrels', 'images']
/** The file that tells how a collection was made. */
export const CARD = 'collection.json'
/** What the card's `madeBy` begins with. */
export const MAKER = 'fieldtrial collect'

/**
 * Lets `fill` write a folder under a temporary name and puts it in its place when it is whole, so that a reader sees the old collection or the
 * new one. Only a folder that is empty, or holds nothing but what this tool made, is replaced.
 *
 * @throws FieldtrialError `USAGE` when something else lies there; `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function writeFolder<T>(folder: string, fill: (partial: string) => Promise<T>): Promise<T> {
  await requireReplaceable(folder)
  await removeLeftovers(folder)
  const partial = temporaryName(folder)
  try {
    await makeFolder(partial)
    const result = await fill(partial)
    const old = temporaryName(folder)
    const replaced = await rename(folder, old).then(
      () => true,
      () => false,
    )
    await rename(partial, folder)
    if (replaced) await rm(old, { recursive: true, force: true })
    return result
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    const at = pathOf(error)
    // What is read for it fails elsewhere than what is written, which lies in the folder, beside it or above.
    const reading = at !== undefined && !at.startsWith(folder) && !folder.startsWith(at)
    throw asWriteError(reading ? asReadError(error) : error, folder)
  }
}

/** @throws FieldtrialError `USAGE` when a folder holds what this tool has not made. */
export async function requireReplaceable(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') throw taken(folder)
    throw asWriteError(error, folder)
  })
  if (names.length === 0) return
  const card = await readFile(join(folder, CARD), 'utf8').catch(() => '')
  if (!card.includes(`"madeBy": "${MAKER}`)) throw taken(folder)
  const foreign = names.find((name) => name !== CARD && !OWN.includes(name))
  if (foreign !== undefined) throw taken(folder, foreign)
}

function taken(folder: string, name?: string): FieldtrialError {
  return new FieldtrialError(
    'USAGE',
    `${folder} holds ${name ?? 'something'} that \`${MAKER}\` did not make; it is left as it is.`,
    {
      hint: `Name another folder with --output, e.g. ${join(dirname(folder), `${basename(folder)}-collection`)}.`,
      where: { file: folder },
    },
  )
}
