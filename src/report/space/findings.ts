import type { StudyResults } from '../../study/results.ts'
import { formatCount, formatScore, formatShare, list } from '../format.ts'
import { shortName } from '../names.ts'
import { chance, hubShare, type SpacePlace } from './columns.ts'
import { highestRank, relativeShift, soundVectors } from './figures.ts'

export type FindingKind = 'broken' | 'cut' | 'hub' | 'absent' | 'shift' | 'rank' | 'cone'

/** What is striking about a retriever on a collection. */
export interface SpaceFinding {
  readonly retriever: string
  readonly collection: string
  /** The figure that it rests on, e.g. `hub d63 in 35 of 40 lists`. */
  readonly figure: string
}

/** Retrievers of which the same is to be said. */
export interface FindingGroup {
  readonly kind: FindingKind
  readonly title: string
  /** What it means, what it does not, and what may help; whole sentences. */
  readonly meaning: string
  /** In the order of the study. */
  readonly findings: readonly SpaceFinding[]
}

/** From these figures on something is said. They are conventions: the figures themselves stand in the tables. */
const LIMITS = {
  /** Share of documents cut. */
  cut: 0.1,
  /** Share of the queries that find one document, which must also be this many times what chance gives. */
  hub: 0.5,
  hubOverChance: 3,
  /** Share of documents never found, where chance would leave out no more than the second. */
  absent: 0.5,
  absentByChance: 0.2,
  /** Fewer queries than this say nothing about hubs, nor about where the mean query lies. */
  queries: 10,
  /** Distance of the sides' means over the spread. */
  shift: 0.8,
  /** Effective rank over the highest possible. */
  rank: 0.1,
  /** Mean cosine of documents. */
  cone: 0.8,
}

interface Rule {
  readonly kind: FindingKind
  readonly title: string
  readonly meaning: string
  /** Null: nothing to say. */
  figure(place: SpacePlace): string | null
}

/** Gravest first. What is cut is not a matter of the space, and comes from the trials. */
const RULES: readonly Rule[] = [
  {
    kind: 'broken',
    title: 'Vectors without a direction',
    meaning:
      'Vectors with NaN or infinity, or of zeros, are near to nothing: these scores do not say what the model can do. Run `fieldtrial doctor`.',
    figure({ space }) {
      const sides = { documents: space.diagnostics.documents, queries: space.diagnostics.queries }
      const broken = Object.entries(sides).flatMap(([name, side]) => {
        const count = side === null ? 0 : side.norms.notFinite + side.norms.zeros
        return count === 0 ? [] : [`${formatCount(count)} of ${formatCount(side!.norms.vectors)} ${name}`]
      })
      return broken.length === 0 ? null : broken.join(', ')
    },
  },
  {
    kind: 'hub',
    title: 'A hub stands in most lists',
    meaning:
      'One document is among the first 10 of at least half of the queries. Unless it is relevant to all of these, it takes the places of others.',
    figure(place) {
      const { space, collection } = place
      const { hubness } = space.diagnostics
      const share = hubShare(place)
      if (hubness?.hub == null || share === null || share < LIMITS.hub || collection.queries < LIMITS.queries)
        return null
      if (share < (LIMITS.hubOverChance * hubness.k) / collection.documents) return null
      return `hub ${shortName(hubness.hub.id, 24)} in ${formatCount(hubness.hub.count)} of ${formatCount(collection.queries)} lists`
    },
  },
  {
    kind: 'absent',
    title: 'Half of the documents or more are never found',
    meaning: 'They are among the first 10 of no query, and chance would leave out far fewer.',
    figure(place) {
      const absent = place.space.diagnostics.hubness?.absent ?? 0
      const random = chance(place)
      if (random === null || absent < LIMITS.absent || random > LIMITS.absentByChance) return null
      return `${formatShare(absent)} of documents never found, ${formatShare(random)} by chance`
    },
  },
  {
    kind: 'shift',
    title: 'Queries lie apart from documents',
    meaning:
      'The mean query is about as far from the mean document as vectors typically lie from the mean of their own side (0.8 times this spread and more). Prompts or kinds of text can move the sides apart. Where nothing is centred yet, centring each side by its own mean may help.',
    figure({ space }) {
      const shift = relativeShift(space.diagnostics)
      const { queries } = space.diagnostics
      if (queries === null || soundVectors(queries) < LIMITS.queries) return null
      return shift === null || shift < LIMITS.shift ? null : `${formatScore(shift, 2)} × the spread`
    },
  },
  {
    kind: 'rank',
    title: 'Few directions tell documents apart',
    meaning: 'The effective rank is below a tenth of what the dimension and the number of vectors allow.',
    figure({ space }) {
      const rank = space.diagnostics.documents.spectrum?.effectiveRank
      const most = highestRank(space.diagnostics)
      if (rank === undefined || rank >= LIMITS.rank * most) return null
      return `${formatScore(rank, 1)} of ${formatCount(most)}`
    },
  },
  {
    kind: 'cone',
    title: 'Nearly all vectors point the same way',
    meaning:
      'The mean cosine of two documents is above 0.8: the scores of different documents differ little. That alone need not spoil the order. Where nothing is centred yet, centring may help.',
    figure({ space }) {
      const { anisotropy } = space.diagnostics.documents
      return anisotropy === null || anisotropy <= LIMITS.cone ? null : formatScore(anisotropy, 2)
    },
  },
]

/** What is striking about the study's spaces, gravest first; retrievers of which the same is to be said stand together. */
export function spaceFindings(results: StudyResults): FindingGroup[] {
  const places = placesOf(results)
  const groups = RULES.map(({ figure, ...group }) => ({
    ...group,
    findings: places.flatMap((place): SpaceFinding[] => {
      const text = figure(place)
      const { retriever, collection } = place.space
      return text === null ? [] : [{ retriever, collection, figure: text }]
    }),
  }))
  const [broken, ...others] = groups
  return [broken!, cutDocuments(results), ...others].filter(({ findings }) => findings.length > 0)
}

/** The spaces of a study with their collections. */
export function placesOf(results: StudyResults, collection?: string): SpacePlace[] {
  const collections = new Map(results.collections.map((c) => [c.name, c]))
  return results.spaces
    .filter((space) => collection === undefined || space.collection === collection)
    .flatMap((space) => {
      const found = collections.get(space.collection)
      return found === undefined ? [] : [{ space, collection: found }]
    })
}

function cutDocuments(results: StudyResults): FindingGroup {
  return {
    kind: 'cut',
    title: 'Documents were cut',
    meaning:
      'More than a tenth of the documents are longer than the maximum length; what was cut off cannot be found. A higher maximum length may help.',
    findings: results.trials.flatMap((trial): SpaceFinding[] => {
      const share = trial.cost.truncatedDocuments
      if (trial.status === 'failed' || share === null || share <= LIMITS.cut) return []
      return [
        { retriever: trial.retriever, collection: trial.collection, figure: `${formatShare(share)} of documents cut` },
      ]
    }),
  }
}

/** What the terminal tells: faults, not properties. */
const FAULTS: readonly FindingKind[] = ['broken', 'cut', 'hub', 'absent', 'shift']

/** Retrievers that a line names; of more the first, and the number of the others. */
const MAX_NAMED = 3

/**
 * A line per retriever with a fault in its space, e.g. `qwen+mean: hub d378 in 35 of 40 lists; queries lie 1.11 × the spread from documents`;
 * retrievers with the same figures share one. Of several collections the first one is told, with the number of the others.
 *
 * @param name A retriever's name as it is to be shown.
 */
export function faultLines(results: StudyResults, name = (retriever: string) => retriever): string[] {
  const faults = new Map<string, string[]>()
  for (const { kind, findings } of spaceFindings(results)) {
    if (!FAULTS.includes(kind)) continue
    for (const retriever of new Set(findings.map((finding) => finding.retriever))) {
      const [first, ...others] = findings.filter((finding) => finding.retriever === retriever)
      const what = kind === 'shift' ? `queries lie ${first!.figure} from documents` : first!.figure
      const where = results.collections.length > 1 ? ` on ${first!.collection}` : ''
      const more = others.length > 0 ? ` and ${others.length} more` : ''
      faults.set(retriever, [...(faults.get(retriever) ?? []), `${what}${where}${more}`])
    }
  }
  const lines = new Map<string, string[]>()
  for (const [retriever, parts] of faults) {
    const text = parts.join('; ')
    lines.set(text, [...(lines.get(text) ?? []), name(retriever)])
  }
  return [...lines].map(([text, names]) => {
    const shown = names.length > MAX_NAMED ? [names[0]!, `${formatCount(names.length - 1)} more`] : names
    return `${list(shown)}: ${text}`
  })
}
