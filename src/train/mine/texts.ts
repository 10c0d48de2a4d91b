import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Document } from '../../data/index.ts'
import type { PlannedCollection } from '../../study/plan.ts'
import { type ContentKeys, contentKeys } from './content.ts'

/** Keys of some documents' contents; those that the corpus lacks have none. */
export function keysOfDocuments(
  on: PlannedCollection,
  wanted: ReadonlySet<string>,
  work: LongWork,
): Promise<Map<string, ContentKeys>> {
  return gather(on, wanted, 'compare texts', contentKeys, work)
}

/** Some documents, whole. */
export function readDocuments(
  on: PlannedCollection,
  wanted: ReadonlySet<string>,
  work: LongWork,
): Promise<Map<string, Document>> {
  return gather(on, wanted, 'read texts', ({ id, title, text }) => ({ id, title, text }), work)
}

async function gather<T>(
  on: PlannedCollection,
  wanted: ReadonlySet<string>,
  step: string,
  make: (document: Document) => T,
  work: LongWork,
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  const total = on.summary.documents
  let done = 0
  for await (const document of on.collection.documents()) {
    if (wanted.has(document.id)) found.set(document.id, make(document))
    if (++done % 1000 !== 0 && done !== total) continue
    throwIfAborted(work.signal)
    work.onProgress?.({ step, subject: on.collection.name, done, total, unit: 'documents' })
  }
  return found
}
