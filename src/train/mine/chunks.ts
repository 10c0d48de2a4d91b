import { fingerprint } from '../../core/fingerprint.ts'
import type { Query } from '../../data/index.ts'
import { collectionFingerprint } from '../../study/identity.ts'
import type { PlannedCollection } from '../../study/plan.ts'

/** Entries of rankings in memory at a time; each takes about 16 bytes. */
const ENTRIES = 12_000_000
/** Texts of candidates in memory at a time. */
const TEXTS = 600_000

/** What one query takes. */
export interface QueryNeeds {
  /** Places in the rankings of all retrievers. */
  readonly entries: number
  /** Candidates whose texts are needed; positives are taken to be a few more. */
  readonly texts: number
}

/**
 * The queries in parts whose rankings fit into memory, each as a collection over the same documents. A collection that fits as a whole is
 * its own only part, so that its vectors and runs are those of a study.
 */
export async function queryChunks(
  on: PlannedCollection,
  needs: QueryNeeds,
  limits: QueryNeeds = { entries: ENTRIES, texts: TEXTS },
): Promise<PlannedCollection[]> {
  const queries = await on.collection.queries()
  const size = Math.max(1, Math.floor(Math.min(limits.entries / needs.entries, limits.texts / (needs.texts + 5))))
  if (queries.length <= size) return [on]
  const qrels = await on.collection.qrels()
  const chunks: PlannedCollection[] = []
  for (let start = 0; start < queries.length; start += size)
    chunks.push(chunkOf(on, queries.slice(start, start + size), qrels))
  return chunks
}

function chunkOf(
  on: PlannedCollection,
  queries: Query[],
  all: ReadonlyMap<string, Map<string, number>>,
): PlannedCollection {
  const qrels = new Map(queries.map(({ id }) => [id, all.get(id)!]))
  const summary = {
    ...on.summary,
    queries: queries.length,
    queryCharacters: queries.reduce((sum, { text }) => sum + text.length, 0),
    queriesHash: fingerprint(queries.map(({ id, text }) => [id, text])),
    qrelsHash: fingerprint(queries.map(({ id }) => [id, [...qrels.get(id)!]])),
  }
  return {
    ...on,
    collection: { ...on.collection, queries: async () => queries, qrels: async () => qrels },
    summary,
    fingerprint: fingerprint(collectionFingerprint(summary, on.collection.removeSelf)),
  }
}
