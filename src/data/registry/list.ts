import { BEIR } from './beir.ts'
import { COIR } from './coir.ts'
import { IMAGES } from './images.ts'
import { MBEIR } from './mbeir.ts'
import { MMEB } from './mmeb.ts'
import { MSMARCO } from './msmarco.ts'
import type { DatasetInfo } from './types.ts'
import { VIDORE } from './vidore.ts'

const ALL: readonly DatasetInfo[] = [...BEIR, ...MSMARCO, ...COIR, ...IMAGES, ...VIDORE, ...MBEIR, ...MMEB]
const BY_ID = new Map(ALL.map((dataset) => [dataset.id, dataset]))

/** All data sets that can be named without an address, in the order of their families' own lists. */
export function listDatasets(): readonly DatasetInfo[] {
  return ALL
}

/** The data set of this id (`beir/scifact`), in whatever case; undefined for unknown ones. */
export function findDataset(id: string): DatasetInfo | undefined {
  return BY_ID.get(id.toLowerCase())
}
