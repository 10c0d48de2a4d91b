import type { FileCollection, Qrels } from '../../data/index.ts'

/**
 * The judgments of a collection's other splits, by name.
 *
 * @param open Opens the same collection with another split.
 */
export async function otherSplits(
  collection: FileCollection,
  open: (split: string) => Promise<FileCollection>,
): Promise<Map<string, Qrels>> {
  const splits = new Map<string, Qrels>()
  for (const split of collection.splits)
    if (split !== collection.split) splits.set(split, await (await open(split)).qrels())
  return splits
}
