import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { collectionState } from '../../data/index.ts'
import { SAMPLE_CARD } from '../../data/sample-card.ts'
import type { SampleSource } from './source.ts'

/** What `makeSample` writes; nothing else is removed from a folder. */
const WRITTEN = ['corpus.jsonl', 'queries.jsonl', 'qrels', 'images']

/**
 * Makes sure that a sample may be written to a folder, before any work: it is absent, empty, or holds a sample.
 *
 * @throws FieldtrialError `USAGE` for a folder with other files.
 */
export async function requireFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return []
    if (systemCode(error) !== 'ENOTDIR') throw error
    throw new FieldtrialError('USAGE', `${folder} is a file.`, { hint: 'Name a folder.', where: { file: folder } })
  })
  if (names.length === 0 || names.includes(SAMPLE_CARD)) return
  throw new FieldtrialError('USAGE', `${folder} holds other files already, for example ${names[0]}.`, {
    hint: 'Name a folder that is empty or not there yet.',
    where: { file: folder },
  })
}

/** Removes an earlier sample. @throws as `requireFolder`. */
export async function clearFolder(folder: string): Promise<void> {
  await requireFolder(folder)
  for (const name of WRITTEN) await rm(join(folder, name), { recursive: true, force: true })
}

/**
 * Makes sure that the documents drawn are those that were counted.
 *
 * @throws FieldtrialError `DATA_INVALID`; the sample is removed.
 */
export async function requireUnchanged({ whole, state, spec }: SampleSource, folder: string): Promise<void> {
  if ((await collectionState(whole)) === state) return
  await clearFolder(folder)
  throw new FieldtrialError('DATA_INVALID', `The files of ${spec.given} were changed while they were read.`, {
    hint: 'Draw the sample again when nothing writes to the collection.',
  })
}
