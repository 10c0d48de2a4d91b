import {
  type Bm25Facts,
  collectionsOf,
  comparability,
  type PublishedFigure,
  publishedOn,
  sameCollection,
  sameMeasure,
  type TrialFacts,
} from '../data/published/index.ts'
import { findDataset } from '../data/registry/index.ts'
import { type Bm25Options, resolveBm25Options } from '../index/bm25/index.ts'
import type { PublishedRow } from './published-row.ts'
import type { CollectionResult, RetrieverResult, StudyResults } from './results.ts'

/**
 * Published figures on the collections of a study: those of the project's own list, and imported ones. Of a system whose source has one
 * of the study's measures only these are kept; one without any keeps its figures, marked as of another measure.
 *
 * @param imported Figures out of the user's own files.
 */
export function publishedRows(
  results: Pick<StudyResults, 'collections' | 'retrievers' | 'measures' | 'smoke'>,
  imported: readonly PublishedFigure[] = [],
): PublishedRow[] {
  const bm25 = results.retrievers.flatMap(bm25Facts)
  return results.collections.flatMap((collection) => {
    const facts = trialFacts(collection, results, bm25)
    if (facts === null) return []
    const ids = sameCollection(facts.dataset.id)
    const own = imported.filter(
      (figure) => collectionsOf(figure.collection).length === 1 && ids.includes(figure.collection),
    )
    const figures = [...publishedOn(facts.dataset.id), ...own].map((figure) => ({
      ...figure,
      measure: facts.measures.find((measure) => sameMeasure(measure, figure.measure)) ?? figure.measure,
    }))
    const shown = new Set(figures.filter((f) => facts.measures.includes(f.measure)).map(systemKey))
    return figures
      .filter((figure) => facts.measures.includes(figure.measure) || !shown.has(systemKey(figure)))
      .map((figure): PublishedRow => {
        const { system, kind, measure, value, decimals, source, note } = figure
        return {
          collection: collection.name,
          dataset: figure.collection,
          system,
          kind,
          measure,
          value,
          decimals,
          source,
          ...(note === undefined ? {} : { note }),
          ...comparability(figure, facts),
        }
      })
  })
}

const systemKey = ({ system, split, source, note }: PublishedFigure) =>
  JSON.stringify([system, split, source.id, note ?? null])

/** What of a collection's results decides whether its numbers compare with published ones; null for one of the user's own. */
export function trialFacts(
  collection: CollectionResult,
  { measures, smoke }: Pick<StudyResults, 'measures' | 'smoke'>,
  bm25: readonly Bm25Facts[] = [],
): TrialFacts | null {
  const dataset = collection.known ? findDataset(collection.known.dataset) : undefined
  if (!collection.known || dataset === undefined) return null
  return {
    dataset: {
      id: dataset.id,
      documents: dataset.documents,
      queries: dataset.splits[collection.split]?.queries ?? dataset.queries,
      removeSelf: dataset.removeSelf,
    },
    content: collection.known.content,
    split: collection.split,
    documents: collection.documents,
    queries: collection.queries,
    titles: collection.titleRule === TEXT_ALONE ? 'omit' : 'keep',
    removeSelf: collection.removeSelf,
    limit: smoke?.limit ?? null,
    sampled: collection.findings.some(({ code }) => code === 'collection.sampled'),
    measures,
    bm25,
  }
}

/** How results say that titles are left out. */
export const TEXT_ALONE = 'text alone'

function bm25Facts({ id, kind, resolved }: RetrieverResult): Bm25Facts[] {
  if (kind !== 'bm25') return []
  const { options } = resolved as unknown as { readonly options?: Bm25Options }
  const { variant, k1, b, analyzer, multifield, weights } = resolveBm25Options(options)
  const even = !multifield || (weights.title === 1 && weights.contents === 1)
  return [{ id, variant, k1, b, analyzer: typeof analyzer === 'string' && even ? analyzer : null, multifield }]
}
