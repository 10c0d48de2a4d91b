import type { CollectionResult, SpaceResult } from '../../study/results.ts'
import { formatCount, formatScore, formatShare } from '../format.ts'
import { shortName } from '../names.ts'
import { absentByChance, anyPairDistance, highestRank, relativeShift } from './figures.ts'

/** The space of a retriever, and the collection that it was looked at on. */
export interface SpacePlace {
  readonly space: SpaceResult
  readonly collection: CollectionResult
}

/** A figure of an embedding space: a column of every table of spaces, and an axis of the plot. */
export interface SpaceColumn {
  readonly id: 'cosine' | 'rank' | 'uniformity' | 'alignment' | 'skew' | 'absent' | 'hub' | 'shift'
  readonly label: string
  /** Which way is better, all else equal; none of them decides by itself. */
  readonly better: 'lower' | 'higher'
  /** One plain line; whole sentences. */
  readonly meaning: string
  value(place: SpacePlace): number | null
  format(value: number | null): string
  /** What the figure is to be read beside, in a few words; null for nothing. */
  note(place: SpacePlace): string | null
}

/** Longest id of a document that is shown whole. */
const MAX_ID = 16

const two = (value: number | null) => formatScore(value, 2)

/** A figure with its name, or nothing where there is none. */
const named = (name: string, value: number | null, format = two) => (value === null ? null : `${name} ${format(value)}`)

export const SPACE_COLUMNS: readonly SpaceColumn[] = [
  {
    id: 'cosine',
    label: 'Mean cosine',
    better: 'lower',
    meaning:
      'Anisotropy: the mean cosine of two documents, beside it that of two queries. Near 0 vectors use all directions, near 1 they lie in a narrow cone.',
    value: ({ space }) => space.diagnostics.documents.anisotropy,
    format: two,
    note: ({ space }) => named('queries', space.diagnostics.queries?.anisotropy ?? null),
  },
  {
    id: 'rank',
    label: 'Effective rank',
    better: 'higher',
    meaning:
      'Over how many directions the documents’ variance is spread; at most the dimension, or one less than the documents looked at. Compare it only where these are equal.',
    value: ({ space }) => space.diagnostics.documents.spectrum?.effectiveRank ?? null,
    format: (value) => formatScore(value, 1),
    note({ space: { diagnostics } }) {
      const most = highestRank(diagnostics)
      if (most < 1) return null
      const dimension = most < diagnostics.dimension ? `, dim. ${formatCount(diagnostics.dimension)}` : ''
      return `of ${formatCount(most)}${dimension}`
    },
  },
  {
    id: 'uniformity',
    label: 'Uniformity',
    better: 'lower',
    meaning:
      'How evenly documents lie over the sphere, beside it queries: −4 evenly over many dimensions, 0 all on one point.',
    value: ({ space }) => space.diagnostics.documents.uniformity,
    format: two,
    note: ({ space }) => named('queries', space.diagnostics.queries?.uniformity ?? null),
  },
  {
    id: 'alignment',
    label: 'Alignment',
    better: 'lower',
    meaning:
      'Mean squared distance of a query to a relevant document, from 0 to 4. It says something only beside that of any query and any document, which stands beside it.',
    value: ({ space }) => space.diagnostics.alignment,
    format: two,
    note: ({ space }) => named('any pair', anyPairDistance(space.diagnostics)),
  },
  {
    id: 'skew',
    label: 'Hub skew',
    better: 'lower',
    meaning:
      'Skewness of how often a document stands among the first 10. 0: all about equally often; above 1 or so a few documents, the hubs, are near to every query.',
    value: ({ space }) => space.diagnostics.hubness?.skew ?? null,
    format: two,
    note: () => null,
  },
  {
    id: 'absent',
    label: 'Never found',
    better: 'lower',
    meaning:
      'Share of the documents among the first 10 of no query, beside it the share if lists were drawn at random: with few queries most documents cannot be found.',
    value: ({ space }) => space.diagnostics.hubness?.absent ?? null,
    format: formatShare,
    note: ({ space, collection }) =>
      named('chance', chance({ space, collection }), (value) => formatShare(value).replace(/^0 %$/, '0.0 %')),
  },
  {
    id: 'hub',
    label: 'Biggest hub',
    better: 'lower',
    meaning: 'The document among the first 10 of the most queries, and the share of the queries that find it there.',
    value: hubShare,
    format: formatShare,
    note({ space }) {
      const hub = space.diagnostics.hubness?.hub ?? null
      return hub === null ? null : shortName(hub.id, MAX_ID)
    },
  },
  {
    id: 'shift',
    label: 'Query shift',
    better: 'lower',
    meaning:
      'How far the mean query lies from the mean document, over the spread: how far vectors typically lie from the mean of their own side. Beside it the distance itself.',
    value: ({ space }) => relativeShift(space.diagnostics),
    format: two,
    note: ({ space }) => named('distance', space.diagnostics.shift?.distance ?? null),
  },
]

/** Share of the queries whose first k hold the biggest hub, from 0 to 1. */
export function hubShare({ space, collection }: SpacePlace): number | null {
  const hub = space.diagnostics.hubness?.hub ?? null
  return hub === null || collection.queries === 0 ? null : hub.count / collection.queries
}

/** The share of documents never found if lists were drawn at random. */
export function chance({ space, collection }: SpacePlace): number | null {
  const { hubness } = space.diagnostics
  return hubness === null ? null : absentByChance(hubness.k, collection.documents, collection.queries)
}

/** Which way is better, for the head of a column. */
export function directionWords({ better }: SpaceColumn): string {
  return `${better} is better`
}
