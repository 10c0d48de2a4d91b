import { fileSource } from '../byte-source.ts'
import type { FileCollection } from '../collection.ts'
import { openFiles } from '../open-folder.ts'
import { datasetOnHub } from '../registry/index.ts'
import type { CollectionContext, CollectionSpec } from '../spec.ts'
import { resolveDatasetFiles } from './dataset-files.ts'
import { parseRef } from './ref.ts'

/**
 * Opens a data set of the hub, fetching what is not in the cache.
 *
 * @param name `owner/name[@revision][#subset]`; the spec's own revision and subset go first.
 * @throws FieldtrialError `DATA_MISSING`, `NETWORK`, `OFFLINE`, `USAGE`.
 */
export async function openHub(name: string, spec: CollectionSpec, context: CollectionContext): Promise<FileCollection> {
  const ref = parseRef('dataset', name)
  const revision = spec.revision ?? ref.revision
  const subset = spec.subset ?? ref.subset
  const known = datasetOnHub(ref.id, subset)
  const { files } = await resolveDatasetFiles({ type: 'dataset', id: ref.id, revision }, subset, context)
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
    { ...spec, titles, ...(subset === undefined ? {} : { subset }), ...(split === undefined ? {} : { split }) },
    {
      name: spec.name ?? known?.name ?? [ref.id.split('/').pop(), subset].filter(Boolean).join('-').toLowerCase(),
      source: spec.source,
      removeSelf: spec.removeSelf ?? known?.removeSelf ?? false,
    },
    context,
  )
}
