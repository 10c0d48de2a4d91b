import { fileSource } from '../byte-source.ts'
import type { FileCollection } from '../collection.ts'
import { openFiles } from '../open-folder.ts'
import { type DatasetInfo, datasetOnHub, type HubSource } from '../registry/index.ts'
import type { CollectionContext, CollectionSpec } from '../spec.ts'
import { type DatasetFiles, resolveDatasetFiles } from './dataset-files.ts'
import { parseRef } from './ref.ts'

/**
 * Opens a data set of the hub by its address, fetching what is not in the cache.
 *
 * @param name `owner/name[@revision][#subset]`; the spec's own revision and subset go first.
 * @throws FieldtrialError `DATA_MISSING`, `NETWORK`, `OFFLINE`, `USAGE`.
 */
export async function openHub(name: string, spec: CollectionSpec, context: CollectionContext): Promise<FileCollection> {
  const ref = parseRef('dataset', name)
  const revision = spec.revision ?? ref.revision
  const subset = spec.subset ?? ref.subset
  const found = await resolveDatasetFiles({ type: 'dataset', id: ref.id, revision }, subset, context)
  const fallback = [ref.id.split('/').pop(), subset].filter(Boolean).join('-').toLowerCase()
  return openFetched(found, datasetOnHub(ref.id, subset), fallback, { ...spec, ...(subset ? { subset } : {}) }, context)
}

/**
 * Opens a data set by its name in the registry, at the commits that it pins.
 *
 * @throws FieldtrialError as `openHub`.
 */
export async function openKnown(
  known: DatasetInfo,
  hub: HubSource,
  spec: CollectionSpec,
  context: CollectionContext,
): Promise<FileCollection> {
  const subset = spec.subset ?? known.subset
  const revision = spec.revision ?? hub.revision ?? 'main'
  const found = await resolveDatasetFiles({ type: 'dataset', id: hub.repo, revision }, subset, context, hub.qrels)
  if (spec.revision === undefined && (hub.revision === null || hub.qrels?.revision === null))
    context.onNotice?.({
      level: 'info',
      code: 'collection.unpinned',
      message: `${known.id} has no pinned commit: it is what ${found.repositories.join(' and ')} hold today.`,
    })
  return openFetched(found, known, known.name, { ...spec, ...(subset ? { subset } : {}) }, context)
}

function openFetched(
  { files, repositories }: DatasetFiles,
  known: DatasetInfo | undefined,
  fallbackName: string,
  spec: CollectionSpec,
  context: CollectionContext,
): FileCollection {
  const titles = spec.titles ?? known?.titles ?? 'keep'
  if (titles === 'omit' && spec.titles === undefined)
    context.onNotice?.({
      level: 'info',
      code: 'collection.titles',
      message: `${known!.id}: titles are left out, as in its published figures. Set \`titles: keep\` to say otherwise.`,
    })
  const split = spec.split ?? known?.split
  return openFiles(
    new Map([...files].map(([path, disk]) => [path, fileSource(disk)])),
    { ...spec, titles, ...(split === undefined ? {} : { split }) },
    {
      name: spec.name ?? known?.name ?? fallbackName,
      source: spec.source,
      removeSelf: spec.removeSelf ?? known?.removeSelf ?? false,
      repositories,
    },
    context,
  )
}
