import type { CollectionContext, CollectionSpec, FileCollection, Qrels } from '../../data/index.ts'
import { openCollection } from '../../data/index.ts'

/** The judgments of a collection's other splits, by name. */
export async function otherSplits(
  spec: CollectionSpec,
  collection: FileCollection,
  context: CollectionContext,
): Promise<Map<string, Qrels>> {
  const splits = new Map<string, Qrels>()
  // What opening the first split had to say need not be said again.
  const { limit: _, onNotice: __, ...quiet } = context
  for (const split of collection.splits) {
    if (split === collection.split) continue
    const other = await openCollection({ ...spec, split }, quiet)
    splits.set(split, await other.qrels())
  }
  return splits
}
