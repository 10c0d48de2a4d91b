import type { SideDiagnostics } from '../measure/space/index.ts'
import type { StudyResults } from '../study/results.ts'
import { type CsvValue, csvLine } from './csv-text.ts'
import { chance } from './space/columns.ts'
import { anyPairDistance, relativeShift } from './space/figures.ts'
import { placesOf } from './space/findings.ts'

/**
 * One row per embedding space and space that it is compared with, or one row where there is none to compare with: all diagnostics at full
 * precision. Header, RFC 4180, `\n`; a study without dense retrievers has the header alone.
 */
export function renderSpacesCsv(results: StudyResults): string {
  const means = new Map(results.trials.map((t) => [JSON.stringify([t.retriever, t.collection]), t.mean]))
  const first = results.measures[0] ?? ''
  const rows = placesOf(results).flatMap((place): CsvValue[][] => {
    const { space, collection } = place
    const { diagnostics } = space
    const { documents, queries, shift, hubness } = diagnostics
    const own: CsvValue[] = [
      results.study,
      space.collection,
      collection.split,
      results.smoke?.limit ?? null,
      space.retriever,
      first,
      means.get(JSON.stringify([space.retriever, space.collection]))?.[first] ?? null,
      diagnostics.dimension,
      ...sideFigures(documents),
      ...(queries === null ? SIDE.map(() => null) : sideFigures(queries)),
      diagnostics.alignment,
      diagnostics.pairs,
      anyPairDistance(diagnostics),
      shift?.cosine ?? null,
      shift?.distance ?? null,
      relativeShift(diagnostics),
      hubness?.k ?? null,
      hubness?.skew ?? null,
      hubness?.absent ?? null,
      chance(place),
      hubness?.hub?.id ?? null,
      hubness?.hub?.count ?? null,
    ]
    if (space.comparisons.length === 0) return [[...own, ...COMPARED.map(() => null)]]
    return space.comparisons.map((c) => [
      ...own,
      c.against,
      c.why,
      c.items,
      c.cka,
      c.cosine,
      c.neighbours?.k ?? null,
      c.neighbours?.overlap ?? null,
      c.neighbours?.jaccard ?? null,
    ])
  })
  return [HEAD, ...rows].map(csvLine).join('')
}

const SIDE = [
  'vectors',
  'not_finite',
  'zeros',
  'constant_dimensions',
  'length_min',
  'length_mean',
  'length_max',
  'mean_cosine',
  'uniformity',
  'effective_rank',
  'participation_ratio',
  'first_component_share',
] as const

function sideFigures({ norms, anisotropy, uniformity, spectrum }: SideDiagnostics): CsvValue[] {
  return [
    norms.vectors,
    norms.notFinite,
    norms.zeros,
    norms.constantDimensions,
    norms.length?.min ?? null,
    norms.length?.mean ?? null,
    norms.length?.max ?? null,
    anisotropy,
    uniformity,
    spectrum?.effectiveRank ?? null,
    spectrum?.participationRatio ?? null,
    spectrum?.firstComponentShare ?? null,
  ]
}

const COMPARED = [
  'against',
  'why',
  'compared_documents',
  'cka',
  'same_vector_cosine',
  'neighbours',
  'neighbour_overlap',
  'neighbour_jaccard',
] as const

const HEAD = [
  'study',
  'collection',
  'split',
  'smoke_limit',
  'retriever',
  'measure',
  'value',
  'dimension',
  ...SIDE.map((name) => `document_${name}`),
  ...SIDE.map((name) => `query_${name}`),
  'alignment',
  'alignment_pairs',
  'any_pair_distance',
  'shift_cosine',
  'shift_distance',
  'shift_over_spread',
  'hub_depth',
  'hub_skew',
  'never_found',
  'never_found_by_chance',
  'hub_document',
  'hub_queries',
  ...COMPARED,
]
