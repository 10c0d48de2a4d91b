import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { compareIds } from '../../data/id-order.ts'
import type { Document } from '../../data/types.ts'
import { Pace } from './pace.ts'
import { PostingsBuilder, SEGMENT_DOCUMENTS, type Segment } from './segment.ts'
import type { TermEncoder } from './term-encoder.ts'
import { MAX_ENTRIES } from './vocabulary.ts'

export type Documents = Iterable<Document> | AsyncIterable<Document>

/** Work of known size, for progress. */
export interface IndexingWork extends LongWork {
  /** Number of documents to come, if it is known. */
  readonly total?: number
}

/**
 * Reads documents into segments.
 *
 * @param known Ids that are taken already; those read are added, also when reading fails.
 * @throws FieldtrialError `DATA_INVALID` on an id that is taken; `CANCELLED`.
 */
export async function ingest(
  documents: Documents,
  encoder: TermEncoder,
  multifield: boolean,
  known: ReadonlySet<string>,
  work: IndexingWork,
): Promise<{ segments: Segment[]; ids: Set<string> }> {
  const pace = new Pace(work, {
    step: 'index documents',
    unit: 'documents',
    ...(work.total === undefined ? {} : { total: work.total }),
  })
  const segments: Segment[] = []
  const seen = new Set<string>()
  const builders = multifield ? [new PostingsBuilder(), new PostingsBuilder()] : [new PostingsBuilder()]
  let ids: string[] = []
  const finish = (): void => {
    const added = ids
    const order = Array.from(added, (_, i) => i).sort((a, b) => compareIds(added[a]!, added[b]!))
    segments.push({ ids: order.map((i) => added[i]!), fields: builders.map((builder) => builder.finish(order)) })
    ids = []
  }
  const add = ({ id, title, text }: Document): void => {
    if (known.has(id) || seen.has(id))
      throw new FieldtrialError('DATA_INVALID', `The document id "${id}" is there twice.`, {
        hint: 'Give every document an id of its own, or delete the old document first.',
      })
    if (known.size + seen.size >= MAX_ENTRIES)
      throw new FieldtrialError('DATA_INVALID', `A BM25 index holds at most ${MAX_ENTRIES} documents.`, {
        hint: 'Split the collection into several indexes.',
      })
    if (!id.isWellFormed())
      throw new FieldtrialError('DATA_INVALID', `The document id ${JSON.stringify(id)} is not valid Unicode.`, {
        hint: 'Give the document an id without half surrogate pairs.',
      })
    seen.add(id)
    ids.push(id)
    if (multifield) {
      builders[0]!.add(encoder.encode(title, true))
      builders[1]!.add(encoder.encode(text, true))
    } else builders[0]!.add(encoder.encode(title, true, text))
    if (ids.length === SEGMENT_DOCUMENTS) finish()
  }
  // A plain iterable is not awaited document by document: that would cost as much as indexing does.
  if (Symbol.iterator in documents)
    for (const document of documents) {
      add(document)
      const rest = pace.step(seen.size)
      if (rest !== undefined) await rest
    }
  else
    for await (const document of documents) {
      add(document)
      const rest = pace.step(seen.size)
      if (rest !== undefined) await rest
    }
  if (ids.length > 0) finish()
  pace.finish(seen.size)
  return { segments, ids: seen }
}
