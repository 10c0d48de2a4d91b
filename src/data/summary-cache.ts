import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeAtomic } from '../core/atomic.ts'
import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import type { FileCollection } from './collection.ts'
import { summarise } from './summary.ts'
import type { CollectionSummary } from './types.ts'

/** To be raised whenever the same files would give another summary. */
const VERSION = 2

/**
 * `summarise`, remembered in `cacheDir` as long as the source files stay the same (path, size, times in nanoseconds and
 * inode), so that a second run does not read the corpus again.
 *
 * @throws FieldtrialError as `summarise`.
 */
export async function summariseCached(
  collection: FileCollection,
  cacheDir: string,
  work: LongWork = {},
): Promise<CollectionSummary> {
  const before = await collectionState(collection)
  const path = join(cacheDir, 'collections', `${before}.json`)
  const known = await readSummary(path)
  if (known !== undefined) return known
  const summary = await summarise(collection, work)
  // A file that changed meanwhile has no summary: the next run reads it anew.
  if ((await collectionState(collection)) === before) await writeAtomic(path, `${JSON.stringify(summary)}\n`)
  return summary
}

/** Changes whenever a source file is written, replaced or touched, or is read in another way. */
export async function collectionState(collection: FileCollection): Promise<string> {
  const files: Json[] = []
  for (const file of collection.sourceFiles()) {
    const path = resolve(file)
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true })
    files.push([path, ...[size, mtimeNs, ctimeNs, ino].map(String)])
  }
  const { reading, limit, removeSelf } = collection
  return fingerprint({ version: VERSION, files, reading, limit, removeSelf })
}

async function readSummary(path: string): Promise<CollectionSummary | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as CollectionSummary
  } catch {
    return undefined // absent, or damaged: then it is made again
  }
}
