import { BEIR } from './beir.ts'
import { COIR } from './coir.ts'
import type { DatasetInfo } from './types.ts'

export type { DatasetInfo } from './types.ts'

/** All data sets that can be named without an address, in the order of their families' own lists. */
export function listDatasets(): readonly DatasetInfo[] {
  return [...BEIR, ...COIR]
}

/** The data set of this id (`beir/scifact`), in whatever case; undefined for unknown ones. */
export function findDataset(id: string): DatasetInfo | undefined {
  const wanted = id.toLowerCase()
  return listDatasets().find((dataset) => dataset.id === wanted)
}

/** What is known of a repository on the hub, also of MTEB's copies of BEIR's sets and CoIR's older repositories. */
export function datasetOnHub(repo: string, subset: string | undefined): DatasetInfo | undefined {
  const id = repo.toLowerCase()
  const [owner, name = ''] = id.split('/')
  const all = listDatasets()
  const exact = all.find((dataset) => dataset.hub?.toLowerCase() === id && dataset.subset === subset)
  if (exact) return exact
  if (owner === 'mteb') return BEIR.find((dataset) => dataset.name === name)
  if (owner === 'coir-retrieval') return COIR.find((dataset) => dataset.name === name.replace(/-queries-corpus$/, ''))
  return undefined
}

/** `owner/name#subset`. */
export function hubName(dataset: DatasetInfo): string {
  return `${dataset.hub}${dataset.subset === undefined ? '' : `#${dataset.subset}`}`
}
