import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import {
  type CollectionSummary,
  collectionState,
  type FileCollection,
  openCollection,
  summariseCached,
} from '../../data/index.ts'
import { collectionFingerprint } from '../identity.ts'
import type { PlannedCollection } from '../plan.ts'
import type { StudyCollection } from '../study.ts'
import { taskOf } from '../task.ts'
import { type AskedSplit, allQueries, askSplit } from './asked.ts'
import type { ResolvedSize } from './options.ts'

/** The collection that a sample is drawn from, with the queries that it keeps. */
export interface SampleSource {
  readonly spec: StudyCollection
  readonly whole: FileCollection
  readonly summary: CollectionSummary
  /** The collection's own split first. */
  readonly splits: readonly AskedSplit[]
  /** Of the source files when they were summarised. */
  readonly state: string
  /** Documents that the sample is to hold. */
  readonly size: number
}

/**
 * Opens the whole collection and draws the queries.
 *
 * @param splits Further splits to keep.
 * @throws FieldtrialError as `openCollection` and `summarise`; `USAGE` where the sample would be no smaller than the collection, or is
 * itself drawn from a sample.
 */
export async function openSource(
  spec: StudyCollection,
  size: ResolvedSize,
  splits: readonly string[],
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<SampleSource> {
  const context = { cacheDir: workspace.cache, ...options }
  const whole = await openCollection(spec, context)
  if (whole.sample !== null)
    throw new FieldtrialError('USAGE', `${spec.given} is a sample of ${whole.sample.source.name} already.`, {
      hint: 'Draw from the whole collection: a sample of a sample has a bias that nobody knows.',
    })
  const state = await collectionState(whole)
  const summary = await summariseCached(whole, workspace.cache, options)
  const documents = size.documents ?? Math.max(1, Math.round(size.share! * summary.documents))
  if (documents >= summary.documents)
    throw new FieldtrialError(
      'USAGE',
      `A sample of ${documents} documents is no smaller than ${spec.given}, which has ${summary.documents}.`,
      { hint: 'Use the collection itself, or give fewer documents.', where: { field: 'documents' } },
    )
  const asked = [await askSplit(whole, size.queries, size.seed)]
  const { onNotice: _, ...quiet } = context
  for (const split of new Set(splits)) {
    if (split === whole.split) continue
    asked.push(await askSplit(await openCollection({ ...spec, split }, quiet), size.queries, size.seed))
  }
  return { spec, whole, summary, state, splits: asked, size: documents }
}

/** The whole collection with the kept queries of all splits, as the steps of a study take it. */
export function plannedSource({ spec, whole, summary, state, splits }: SampleSource): PlannedCollection {
  const queries = allQueries(splits)
  // The vectors of a split's own queries are those that a study over the whole collection has.
  const own = splits.length === 1 && splits[0]!.queries.length === splits[0]!.of
  const asked = own
    ? summary
    : {
        ...summary,
        queries: queries.length,
        queryCharacters: queries.reduce((sum, { text }) => sum + text.length, 0),
        queriesHash: fingerprint(queries.map(({ id, text }) => [id, text])),
      }
  return {
    given: spec.given,
    spec,
    samples: [],
    collection: { ...whole, queries: async () => queries },
    summary: asked,
    state,
    fingerprint: fingerprint(collectionFingerprint(asked, whole.removeSelf)),
    task: taskOf(spec),
    otherQueries: 0,
    otherQueriesHash: '',
  }
}
