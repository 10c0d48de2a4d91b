import { FieldtrialError } from '../core/errors.ts'
import type { FileCollection } from './collection.ts'
import type { Document } from './types.ts'

/** Documents that a smoke run keeps at least, if there are so many: fewer would make every ranking trivial. */
const MIN_DOCUMENTS = 1_000
const DOCUMENTS_PER_QUERY = 20

/**
 * A small part of a collection for a smoke run: the first `limit` judged queries, every document judged for them, and
 * other documents from the beginning of the corpus until there are max(1,000, 20 × limit) in all. The same limit gives
 * the same part every time. Its numbers say nothing about the whole collection.
 *
 * @throws FieldtrialError `USAGE` when the limit is not a whole number above 0.
 */
export function limitCollection(whole: FileCollection, limit: number): FileCollection {
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new FieldtrialError('USAGE', `The limit must be a whole number above 0, not ${limit}.`, {
      hint: 'Give the number of queries for a smoke run, e.g. --limit 20.',
    })
  const queries = async () => (await whole.queries()).slice(0, limit)
  const qrels = async () => {
    const all = await whole.qrels()
    return new Map((await queries()).map(({ id }) => [id, all.get(id)!]))
  }
  async function* documents(): AsyncGenerator<Document> {
    const judged = new Set([...(await qrels()).values()].flatMap((grades) => [...grades.keys()]))
    let others = Math.max(0, Math.max(MIN_DOCUMENTS, DOCUMENTS_PER_QUERY * limit) - judged.size)
    for await (const document of whole.documents()) {
      if (judged.delete(document.id)) yield document
      else if (others > 0) {
        others--
        yield document
      }
      if (others === 0 && judged.size === 0) return
    }
  }
  return { ...whole, limit, documents, queries, qrels }
}
