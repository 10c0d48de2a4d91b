import { FieldtrialError } from '../../core/errors.ts'
import type { Run } from '../../data/types.ts'
import type { SpaceOptions } from '../../fusion/index.ts'
import type { Form } from './forms.ts'
import type { FusableRun } from './source.ts'

export interface SearchLimits {
  /** Retrievers in a fusion at most; default 3. */
  readonly members?: number
  /** Mean milliseconds per query: of all members together, or of the fused space. */
  readonly msPerQuery?: number
  /** Bytes of all indexes together. */
  readonly indexBytes?: number
}

/** What a candidate costs a user. */
export interface CandidateCost {
  /** Of runs: of all members together, each with its encoding and its search; combining is not in it. Of a space: all of it. */
  readonly msPerQuery: number
  readonly indexBytes: number
  /** Indexes that are searched: one of a space, however many members it has. */
  readonly indexes: number
  /** Models that each text goes through; null where the workspace does not tell. */
  readonly encodings: number | null
}

/** A combination that was tried. */
export type Candidate = {
  /** Names of the members. */
  readonly members: readonly string[]
  /** Mean of the measure over the queries of the search; of what is learned by cross-validation within them. */
  readonly value: number
  /** Null where costs are not known. */
  readonly cost: CandidateCost | null
} & (
  | { readonly kind: 'single' }
  | { readonly kind: 'runs'; readonly form: Form }
  | { readonly kind: 'space'; readonly form: SpaceForm }
)

/** A way of making one space out of several that the search tries. */
export interface SpaceForm {
  readonly name: string
  readonly options: Pick<SpaceOptions, 'method'> & Partial<Pick<SpaceOptions, 'dimensions'>>
  /** Its weights are learned. */
  readonly learned: boolean
}

/** A candidate, and how it is made for queries that the search did not see. */
export type Tried = Candidate & {
  /** Places of its members among the runs. */
  readonly at: readonly number[]
  readonly rank: (
    queries: readonly string[],
  ) => Promise<{ readonly run: Run; readonly weights: readonly number[] | null }>
}

/** Higher; of equal ones the one with fewer members, then fewer indexes, then the quicker one. */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (Math.abs(a.value - b.value) > 1e-9) return a.value > b.value
  if (a.members.length !== b.members.length) return a.members.length < b.members.length
  const indexes = (a.cost?.indexes ?? 0) - (b.cost?.indexes ?? 0)
  return indexes === 0 ? (a.cost?.msPerQuery ?? 0) < (b.cost?.msPerQuery ?? 0) : indexes < 0
}

export function bestOf<T extends Candidate>(candidates: readonly T[]): T | undefined {
  return candidates.reduce<T | undefined>((a, b) => (a === undefined || isBetter(b, a) ? b : a), undefined)
}

/** What runs cost together. */
export function costOf(
  runs: readonly FusableRun[],
  at: readonly number[],
  encodings: number | null,
): CandidateCost | null {
  const costs = at.map((i) => runs[i]!.cost)
  if (costs.some((cost) => cost === null)) return null
  return {
    msPerQuery: costs.reduce((sum, cost) => sum + cost!.msPerQuery, 0),
    indexBytes: costs.reduce((sum, cost) => sum + cost!.indexBytes, 0),
    indexes: at.length,
    encodings,
  }
}

export function withinLimits(
  cost: Pick<CandidateCost, 'msPerQuery' | 'indexBytes'> | null,
  { msPerQuery, indexBytes }: SearchLimits,
): boolean {
  if (cost === null) return true
  return cost.msPerQuery <= (msPerQuery ?? Infinity) && cost.indexBytes <= (indexBytes ?? Infinity)
}

/** @throws FieldtrialError `USAGE` for limits of costs that are not known. */
export function requireCosts(runs: readonly FusableRun[], { msPerQuery, indexBytes }: SearchLimits): void {
  if (msPerQuery === undefined && indexBytes === undefined) return
  const unknown = runs.find(({ cost }) => cost === null)
  if (unknown !== undefined)
    throw new FieldtrialError('USAGE', `What ${unknown.name} costs is not known: a run file does not say.`, {
      hint: 'Limit the members, or name a finished study with --results.',
    })
}

/** Sets of members tried at most; beyond that they grow one member at a time. */
const MOST_SETS = 150

/** All sets of 2 up to `most` members; null where there are too many. */
export function setsOf(count: number, most: number): number[][] | null {
  let sets: number[][] = Array.from({ length: count }, (_, i) => [i])
  const all: number[][] = []
  for (let size = 2; size <= most; size++) {
    const next: number[][] = []
    for (const set of sets) for (let i = set.at(-1)! + 1; i < count; i++) next.push([...set, i])
    sets = next
    all.push(...sets)
    if (all.length > MOST_SETS) return null
  }
  return all
}

/** The sets of several members whose best candidates are best. */
export function bestSets(candidates: readonly Tried[], count: number): (readonly number[])[] {
  const bySet = new Map<string, Tried>()
  for (const candidate of candidates) {
    const key = [...candidate.at].sort((a, b) => a - b).join(' ')
    const before = bySet.get(key)
    if (candidate.at.length > 1 && (before === undefined || isBetter(candidate, before))) bySet.set(key, candidate)
  }
  return [...bySet.values()]
    .sort((a, b) => (isBetter(a, b) ? -1 : 1))
    .slice(0, count)
    .map(({ at }) => at)
}
