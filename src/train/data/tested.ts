import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { type FileCollection, openCollection } from '../../data/index.ts'
import type { CollectionContext } from '../../data/spec.ts'
import type { Training } from '../training.ts'
import type { OpenedSource } from './open.ts'
import { readTested, type Tested } from './overlap.ts'

/** A split under test, opened and not yet read. */
export interface OpenedTested {
  readonly collection: FileCollection
  read(work: LongWork): Promise<Tested>
}

/**
 * The splits that examples are compared with: those that the file names, else the ones of the collections that the examples come from, where
 * these have one; and the split that is watched.
 *
 * @throws FieldtrialError `DATA_MISSING` where a named collection does not have the split.
 */
export async function openTested(
  { overlap, evaluation }: Pick<Training, 'overlap' | 'evaluation'>,
  sources: readonly OpenedSource[],
  context: CollectionContext,
): Promise<OpenedTested[]> {
  const opened: OpenedTested[] = []
  const add = (collection: FileCollection) => opened.push({ collection, read: (work) => readTested(collection, work) })
  if (evaluation !== null) add(await openCollection(evaluation.spec, context))
  if (overlap.with !== null) {
    for (const source of overlap.with) add(await openCollection({ source, split: overlap.split }, context))
    return opened
  }
  for (const source of sources) {
    if (source.kind !== 'collection' || source.split === overlap.split) continue
    if (!source.collection.splits.includes(overlap.split)) continue
    const { spec } = source
    add(
      await openCollection(
        {
          source: spec.source,
          split: overlap.split,
          ...(spec.subset === undefined ? {} : { subset: spec.subset }),
          ...(spec.revision === undefined ? {} : { revision: spec.revision }),
        },
        context,
      ),
    )
  }
  const test = sources.find((source) => source.kind === 'collection' && source.split === overlap.split)
  if (test !== undefined && !overlap.allow.includes('queries'))
    throw new FieldtrialError('DATA_INVALID', `${test.name} is trained on with its split ${overlap.split}.`, {
      hint: 'Train on `split: train`; or, if it is no longer a test set for you, write `overlap: { allow: [queries, positives] }`.',
    })
  return opened
}
