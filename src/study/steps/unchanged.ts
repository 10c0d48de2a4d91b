import { rm } from 'node:fs/promises'
import { FieldtrialError } from '../../core/errors.ts'
import { collectionState } from '../../data/index.ts'
import type { PlannedCollection } from '../plan.ts'

/** A collection as it was when it was summarised. */
export type SeenCollection = Pick<PlannedCollection, 'given' | 'collection' | 'summary' | 'state'>

/**
 * Makes sure that what was just made from a collection was made from the documents that its fingerprint stands for.
 * If the files were written meanwhile, the artifact under way is removed: nobody can say which documents are in it.
 *
 * @throws FieldtrialError `DATA_INVALID`.
 */
export async function requireUnchanged(on: SeenCollection, artifact: string): Promise<void> {
  if ((await collectionState(on.collection)) === on.state) return
  await rm(artifact, { recursive: true, force: true })
  throw new FieldtrialError('DATA_INVALID', `The files of ${on.given} were changed while they were read.`, {
    hint: 'Run it again when nothing writes to the collection.',
  })
}
