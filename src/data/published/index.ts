import { findDataset, listDatasets } from '../registry/index.ts'
import { CODE_EMBEDDINGS } from './sources/code-embeddings.ts'
import { COIR_PAPER } from './sources/coir-paper.ts'
import { MTEB_COIR } from './sources/mteb-coir.ts'
import { MTEB_ENGLISH } from './sources/mteb-english.ts'
import { PROMPTREPS } from './sources/promptreps.ts'
import { PYSERINI_BEIR } from './sources/pyserini-beir.ts'
import { PYSERINI_MSMARCO } from './sources/pyserini-msmarco.ts'
import { REPLLAMA } from './sources/repllama.ts'
import { SPECIALIZED_LLMS } from './sources/specialized-llms.ts'
import type { PublishedFigure } from './types.ts'

export {
  type Bm25Facts,
  type Comparability,
  comparability,
  corpusReasons,
  type Reason,
  type ReasonCode,
  type TrialFacts,
} from './compare.ts'
export type * from './types.ts'

const ALL: readonly PublishedFigure[] = [
  ...PYSERINI_BEIR,
  ...PYSERINI_MSMARCO,
  ...MTEB_ENGLISH,
  ...MTEB_COIR,
  ...COIR_PAPER,
  ...CODE_EMBEDDINGS,
  ...REPLLAMA,
  ...PROMPTREPS,
  ...SPECIALIZED_LLMS,
]

/** All published figures, source by source. */
export function listPublished(): readonly PublishedFigure[] {
  return ALL
}

/** Whether two canonical names mean one measure: reciprocal rank goes by `RR` and `MRR`. */
export function sameMeasure(a: string, b: string): boolean {
  return a.replace(/^RR(?=@|$)/, 'MRR') === b.replace(/^RR(?=@|$)/, 'MRR')
}

/**
 * Registry ids that a figure's collection stands for: one, or those of which it is the mean. CodeSearchNet's pattern does not take
 * in its code-completion variant, whose names begin alike.
 */
export function collectionsOf(pattern: string): readonly string[] {
  if (!pattern.endsWith('-*')) return findDataset(pattern) === undefined ? [] : [pattern]
  const prefix = pattern.slice(0, -1)
  return listDatasets()
    .map(({ id }) => id)
    .filter((id) => id.startsWith(prefix) && !id.slice(prefix.length).includes('-'))
}

/**
 * The figures of one collection, also those filed under another id of the same collection: `beir/msmarco` and `msmarco/dev` are one. Means
 * over several collections are not among them.
 */
export function publishedOn(id: string): readonly PublishedFigure[] {
  const ids = new Set(sameCollection(id))
  return ALL.filter((figure) => ids.has(figure.collection))
}

/** Ids of the registry that name the same documents, queries and split. */
export function sameCollection(id: string): readonly string[] {
  const dataset = findDataset(id)
  if (dataset === undefined) return []
  const same = listDatasets().filter(
    (other) =>
      other.documents !== null &&
      other.queries !== null &&
      other.hub?.repo === dataset.hub?.repo &&
      other.subset === dataset.subset &&
      other.split === dataset.split &&
      other.documents === dataset.documents &&
      other.queries === dataset.queries,
  )
  // Where nothing is on the hub, equal counts would be all that speaks for it.
  return dataset.hub === null ? [dataset.id] : [...new Set([dataset.id, ...same.map((other) => other.id)])]
}
