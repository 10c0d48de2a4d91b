import { throwIfAborted } from '../../core/errors.ts'
import type { Qrels, Query } from '../types.ts'
import { TextIndex } from './text-index.ts'
import type { Leak, QueryLeaks } from './types.ts'

const EXAMPLES = 5

/**
 * Compares the queries under test with those of the other splits. Memory: the queries under test.
 *
 * @param others All other queries of the file.
 * @param splits Judgments of the other splits by name.
 * @param threshold Jaccard of the sets of words from which on two queries are near copies.
 */
export async function findLeaks(
  queries: readonly Query[],
  qrels: Qrels,
  others: AsyncIterable<Query>,
  splits: ReadonlyMap<string, Qrels>,
  threshold: number,
  signal?: AbortSignal,
): Promise<QueryLeaks> {
  const index = new TextIndex(threshold)
  for (const { id, text } of queries) index.add(id, text)
  const best = new Map<string, Leak & { readonly count: number }>()
  let compared = 0
  for await (const { id, text } of others) {
    if (++compared % 1000 === 0) throwIfAborted(signal)
    const match = index.find(text)
    if (match === undefined) continue
    const known = best.get(match.id)
    if (known && (known.same || known.similarity >= match.similarity)) continue
    const { similarity, same, count } = match
    best.set(match.id, { query: match.id, other: id, split: splitOf(id, splits), similarity, same, count })
  }
  const leaks = [...best.values()]
  const sum = (of: typeof leaks) => of.reduce((total, { count }) => total + count, 0)
  const [same, near] = [leaks.filter((leak) => leak.same), leaks.filter((leak) => !leak.same)]
  return {
    compared,
    same: sum(same),
    near: sum(near),
    examples: [same, near.sort((a, b) => b.similarity - a.similarity)].flatMap((found) =>
      found.slice(0, EXAMPLES).map(({ count: _, ...leak }) => leak),
    ),
    ...shared(qrels, splits),
  }
}

function splitOf(query: string, splits: ReadonlyMap<string, Qrels>): string | null {
  for (const [name, qrels] of splits) if (qrels.has(query)) return name
  return null
}

function shared(qrels: Qrels, splits: ReadonlyMap<string, Qrels>): Pick<QueryLeaks, 'sharedRelevant' | 'relevant'> {
  const tested = relevantDocuments(qrels)
  const both = new Set<string>()
  for (const other of splits.values())
    for (const [query, grades] of other) {
      // Some splits are larger versions of this one, with the same queries.
      if (qrels.has(query)) continue
      for (const [document, grade] of grades) if (grade > 0 && tested.has(document)) both.add(document)
    }
  return { sharedRelevant: both.size, relevant: tested.size }
}

function relevantDocuments(qrels: Qrels): Set<string> {
  const documents = new Set<string>()
  for (const grades of qrels.values()) for (const [document, grade] of grades) if (grade > 0) documents.add(document)
  return documents
}
