import { BEIR } from './beir.ts'
import { COIR } from './coir.ts'
import { listDatasets } from './list.ts'
import type { DatasetInfo } from './types.ts'

export { datasetHint, type ExpandedGroup, expandGroup, globPattern, whyNotOpened } from './expand.ts'
export { DATASET_GROUPS, type DatasetGroup } from './groups.ts'
export { findDataset, listDatasets } from './list.ts'
export type * from './types.ts'

/** What is known of a repository on the hub: one that the registry names, a mirror, or one of CoIR's older repositories. */
export function datasetOnHub(repo: string, subset: string | undefined): DatasetInfo | undefined {
  const id = repo.toLowerCase()
  const all = listDatasets()
  const named = all.find(
    ({ hub, mirrors, ...dataset }) =>
      dataset.subset === subset &&
      [...(hub ? [hub] : []), ...mirrors].some((source) => source.repo.toLowerCase() === id),
  )
  if (named) return named
  const [owner, name = ''] = id.split('/')
  if (owner === 'beir' || owner === 'mteb') return BEIR.find((dataset) => dataset.name === name)
  if (owner === 'coir-retrieval') return COIR.find((dataset) => dataset.name === name.replace(/-queries-corpus$/, ''))
  return undefined
}
