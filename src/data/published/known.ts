import { parseRef } from '../hub/ref.ts'
import { type DatasetInfo, datasetOnHub, findDataset, listDatasets } from '../registry/index.ts'
import type { CollectionSummary } from '../types.ts'
import { sameCollection } from './index.ts'

/** Which known data set a collection is, and how that was found out. */
export interface KnownCollection {
  /** A registry id. */
  readonly dataset: string
  /**
   * `study`: the study file says so. `name`: by its registry name. `hub`: by its repository. `content`: by the hash of its documents.
   * `counts`: by the numbers of its documents, queries and judgments. `folder`: by the folder's name alone.
   */
  readonly by: 'study' | 'name' | 'hub' | 'content' | 'counts' | 'folder'
  /** Against the official hashes; `unchecked` where none is known. */
  readonly content: 'same' | 'different' | 'unchecked'
}

export interface CollectionIdentity {
  /** As the user wrote it: a folder, an archive, `hf:owner/name`, or a registry name. */
  readonly source: string
  readonly subset?: string
  readonly split: string
  readonly summary: Pick<
    CollectionSummary,
    'documents' | 'queries' | 'judgments' | 'modalities' | 'corpusHash' | 'queriesHash' | 'qrelsHash'
  >
  /** What the study file says: a registry id, or false for none. */
  readonly published?: string | false
}

/** The known data set that a collection is or claims to be; null for one of the user's own. */
export function knownCollection(identity: CollectionIdentity): KnownCollection | null {
  const found = find(identity)
  if (found === null) return null
  const [dataset, by] = found
  return { dataset: dataset.id, by, content: contentOf(dataset, identity) }
}

function find({
  source,
  subset,
  split,
  summary,
  published,
}: CollectionIdentity): readonly [DatasetInfo, KnownCollection['by']] | null {
  if (published === false) return null
  if (published !== undefined) {
    const dataset = findDataset(published)
    return dataset === undefined ? null : [dataset, 'study']
  }
  const named = findDataset(source)
  if (named !== undefined) return [named, 'name']
  if (source.startsWith('hf:')) {
    const ref = parseRef('dataset', source.slice('hf:'.length))
    const dataset = datasetOnHub(ref.id, subset ?? ref.subset)
    return dataset === undefined ? null : [dataset, 'hub']
  }
  const retrieval = listDatasets().filter(({ kind }) => kind === 'retrieval')
  const byContent = retrieval.find(({ hashes }) => hashes?.corpus === summary.corpusHash)
  if (byContent !== undefined) return [byContent, 'content']
  const folder = lastPart(source)
  const counted = retrieval.filter((dataset) => hasCountsOf(dataset, split, summary))
  const byCounts = counted.find(({ name }) => name === folder) ?? unambiguous(counted)
  if (byCounts !== undefined) return [byCounts, 'counts']
  const byFolder = retrieval.find(({ name }) => name === folder)
  return byFolder === undefined ? null : [byFolder, 'folder']
}

/** Round numbers are many a collection's; texts are no pictures, whatever their number. */
function hasCountsOf(dataset: DatasetInfo, split: string, summary: CollectionIdentity['summary']): boolean {
  const { queries, judgments } = dataset.splits[split] ?? {}
  const { documents, queries: asked } = summary.modalities
  return (
    dataset.documents === summary.documents &&
    queries === summary.queries &&
    (judgments === null || judgments === summary.judgments) &&
    (dataset.modality === 'image') === documents.image + documents.both > 0 &&
    (dataset.queryModality === 'image') === asked.image + asked.both > 0
  )
}

/** The first of data sets that are one collection under several ids; undefined where they are several collections. */
function unambiguous(datasets: readonly DatasetInfo[]): DatasetInfo | undefined {
  const [first, ...others] = datasets
  if (first === undefined) return undefined
  const same = sameCollection(first.id)
  return others.every(({ id }) => same.includes(id)) ? first : undefined
}

function contentOf({ hashes }: DatasetInfo, { split, summary }: CollectionIdentity): KnownCollection['content'] {
  const ofSplit = hashes?.splits[split]
  if (hashes === undefined || ofSplit === undefined) return 'unchecked'
  return hashes.corpus === summary.corpusHash &&
    ofSplit.queries === summary.queriesHash &&
    ofSplit.qrels === summary.qrelsHash
    ? 'same'
    : 'different'
}

const lastPart = (source: string) =>
  source
    .replace(/[/\\]+$/, '')
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.zip$/i, '')
    .toLowerCase()
