import type { FileCollection, Qrels, Query } from '../../data/index.ts'
import { Sample } from '../../data/lint/index.ts'

/** The queries of a split that a sample keeps. */
export interface AskedSplit {
  readonly split: string
  /** In the order of the file. */
  readonly queries: readonly Query[]
  readonly qrels: Qrels
  /** Queries of the split in all. */
  readonly of: number
  /** Ids of the kept queries in the order in which they are drawn: fewer queries are the first ones of these. */
  readonly drawn: readonly string[]
}

/**
 * Draws queries by the hashes of their ids: the same seed keeps the same queries, more queries keep those of fewer, and a query that is
 * added to the collection moves at most one.
 *
 * @param count Null for all.
 */
export async function askSplit(collection: FileCollection, count: number | null, seed: number): Promise<AskedSplit> {
  const all = await collection.queries()
  const draw = new Sample<string>(count ?? all.length)
  for (const { id } of all) draw.add(drawKey(seed, id), () => id)
  const drawn = draw.items()
  const kept = new Set(drawn)
  const qrels = await collection.qrels()
  const queries = all.filter(({ id }) => kept.has(id))
  return {
    split: collection.split,
    queries,
    qrels: new Map(queries.map(({ id }) => [id, qrels.get(id)!])),
    of: all.length,
    drawn,
  }
}

/** Every kept query once, also where splits share some. */
export function allQueries(splits: readonly AskedSplit[]): Query[] {
  return [...new Map(splits.flatMap(({ queries }) => queries.map((query) => [query.id, query] as const))).values()]
}

/** Documents that are judged for a kept query, whatever their grade: what is judged not relevant is the best distractor. */
export function judgedDocuments(splits: readonly AskedSplit[]): Set<string> {
  const judged = new Set<string>()
  for (const { qrels } of splits)
    for (const grades of qrels.values()) for (const document of grades.keys()) judged.add(document)
  return judged
}

/** What is hashed, so that another seed draws another sample. */
export function drawKey(seed: number, id: string): string {
  return `${seed}\n${id}`
}
