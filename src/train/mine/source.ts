import { fingerprint } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { type CollectionParts, fileCollection } from '../../data/collection.ts'
import { HashSet, textHash } from '../../data/hash-set.ts'
import {
  collectionState,
  type Document,
  type FileCollection,
  openCollection,
  openTraining,
  type Query,
  summariseCached,
  type TrainingSet,
} from '../../data/index.ts'
import { nameOfPath } from '../../data/open-folder.ts'
import { collectionFingerprint } from '../../study/identity.ts'
import type { PlannedCollection } from '../../study/plan.ts'
import { localPath } from '../../study/resolve-context.ts'
import { taskOf } from '../../study/task.ts'

/** Queries with their positives, and the documents that negatives are mined from. */
export interface MiningSpec {
  /** A collection as in a study file, or, with `training`, the corpus for the queries of a training set. */
  readonly source: string | null
  /** A training set: a folder or file in Tevatron's layout, `hf:owner/name`, or a name of the registry. */
  readonly training: string | null
  /** Default: `train`. */
  readonly split?: string
  readonly removeSelf?: boolean
  readonly titles?: 'keep' | 'omit'
  /** Task instruction for recipes that take one. */
  readonly task?: string
}

/**
 * Opens what is mined. A training set without a corpus is mined within its own passages.
 *
 * @throws FieldtrialError as `openCollection`, `openTraining` and `summarise`.
 */
export async function openMining(
  spec: MiningSpec,
  workspace: Workspace,
  work: LongWork & { readonly offline?: boolean },
): Promise<PlannedCollection> {
  const given = spec.training ?? spec.source!
  const place = (name: string) => localPath(name, process.cwd()) ?? name
  const context = { cacheDir: workspace.cache, ...work }
  const split = spec.split ?? 'train'
  const corpusSpec = {
    source: place(spec.source ?? given),
    ...(spec.removeSelf === undefined ? {} : { removeSelf: spec.removeSelf }),
    ...(spec.titles === undefined ? {} : { titles: spec.titles }),
  }
  let collection: FileCollection
  if (spec.training === null) collection = await openCollection({ ...corpusSpec, split }, context)
  else {
    const set = await openTraining({ source: place(spec.training), split }, context)
    const corpus = spec.source === null ? null : await openCollection(corpusSpec, context)
    collection = trainingCollection(set, corpus, spec.removeSelf ?? false)
  }
  const state = await collectionState(collection)
  const summary = await summariseCached(collection, workspace.cache, work)
  const source = corpusSpec.source
  const name = collection.name
  return {
    given,
    spec: { source, name, given, ...(spec.task === undefined ? {} : { task: spec.task }) },
    samples: [],
    collection,
    summary,
    state,
    fingerprint: fingerprint(collectionFingerprint(summary, collection.removeSelf)),
    task: taskOf({ source, name, given, ...(spec.task === undefined ? {} : { task: spec.task }) }),
    otherQueries: 0,
    otherQueriesHash: '',
  }
}

/**
 * A training set as a collection: its queries, its positives as judgments, and as documents those of a corpus, or all passages of the set.
 * Documents that the set repeats are told by their ids, 30 bytes each.
 */
function trainingCollection(set: TrainingSet, corpus: FileCollection | null, removeSelf: boolean): FileCollection {
  const parts: CollectionParts = {
    name: nameOfPath(set.source),
    source: set.source,
    split: set.split,
    removeSelf,
    reading: { training: true, corpus: corpus?.reading ?? null },
    files: [...set.files, ...(corpus?.sourceFiles() ?? [])],
    splits: set.splits,
    repositories: [...set.repositories, ...(corpus?.repositories ?? [])],
    readDocuments: () => corpus?.documents() ?? passagesOf(set),
    async *readQueries() {
      const seen = new HashSet()
      let line = 0
      for await (const { queryId: id, query: text } of set.examples()) {
        line++
        // A query with several examples has one line for each.
        if (seen.add(textHash(id)) === 0)
          yield { query: { id, text } satisfies Query, where: { file: set.source, line } }
      }
    },
    async readJudgments() {
      const qrels = new Map<string, Map<string, number>>()
      for await (const { queryId, positives } of set.examples()) {
        const grades = qrels.get(queryId) ?? new Map<string, number>()
        for (const { id } of positives) grades.set(id, 1)
        if (grades.size > 0) qrels.set(queryId, grades)
      }
      return { qrels, repeated: 0 }
    },
  }
  return fileCollection(parts)
}

async function* passagesOf(set: TrainingSet): AsyncGenerator<Document> {
  const seen = new HashSet()
  // Tevatron writes a dash where there is no title.
  for await (const { positives, negatives } of set.examples())
    for (const { id, title, text } of [...positives, ...negatives])
      if (seen.add(textHash(id)) === 0) yield { id, title: title === '-' ? '' : title, text }
}
