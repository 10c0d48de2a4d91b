import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Run } from '../../data/types.ts'
import {
  type FusionData,
  foldsOf,
  fusedDimension,
  fusionOptions,
  learnWeights,
  type SpaceOptions,
  spaceOptions,
} from '../../fusion/index.ts'
import { type SearchLimits, type SpaceForm, type Tried, withinLimits } from './candidates.ts'
import { type SpaceMember, type SpaceRun, type SpaceSetting, trySpace } from './space-run.ts'

/** A fused space that could not be made, and why. */
export interface LeftOut {
  readonly members: readonly string[]
  readonly form: string
  readonly why: string
}

/** A set of retrievers with vectors of the same texts. */
export interface SpaceSet {
  /** Places among the runs. */
  readonly at: readonly number[]
  readonly members: readonly SpaceMember[]
  /** Models that each text goes through. */
  readonly encodings: number
}

export interface SpaceSearch {
  readonly setting: SpaceSetting
  readonly data: FusionData
  readonly limits: SearchLimits
  /** Queries that may be learned from. */
  readonly searched: readonly string[]
  readonly folds: number
  readonly seed: number
  /** Mean of the measure over the queries of the search. */
  readonly value: (run: Run) => number
  readonly work: LongWork
}

const sizesOf = ({ members }: SpaceSet) => members.map(({ vectors }) => vectors.documents.meta.dimension)

/** Without weights: vectors one after the other, whole and cut to the sizes of the largest and the smallest member, averaged, and by what they share. */
export function fixedForms(set: SpaceSet): SpaceForm[] {
  return [
    { name: 'concat', options: { method: 'concat' }, learned: false },
    ...cutsOf(set).map((dimensions): SpaceForm => cutTo(dimensions, false)),
    { name: 'procrustes', options: { method: 'procrustes' }, learned: false },
    { name: 'cca', options: { method: 'cca' }, learned: false },
  ]
}

/** With learned weights, where these mean what they mean for the members' scores: all are compared by cosine. */
export function learnedForms(set: SpaceSet): SpaceForm[] {
  if (set.members.some(({ vectors }) => vectors.similarity !== 'cosine')) return []
  const [largest] = cutsOf(set)
  return [{ name: 'concat', options: { method: 'concat' }, learned: true }, ...(largest ? [cutTo(largest, true)] : [])]
}

function cutsOf(set: SpaceSet): number[] {
  const sizes = sizesOf(set)
  return [...new Set([Math.max(...sizes), Math.min(...sizes)])]
}

function cutTo(dimensions: number, learned: boolean): SpaceForm {
  return { name: `concat to ${dimensions}`, options: { method: 'concat', dimensions }, learned }
}

/** Errors that speak of one space only. */
const OF_ONE: ReadonlySet<string> = new Set([
  'STUDY_INVALID',
  'DATA_INVALID',
  'DATA_MISSING',
  'FINGERPRINT_MISMATCH',
  'WORKSPACE_CORRUPT',
])

/**
 * Tries one fused space, if it keeps within the limits.
 *
 * @returns Null if it does not.
 */
export async function tryForm(set: SpaceSet, form: SpaceForm, search: SpaceSearch): Promise<Tried | LeftOut | null> {
  throwIfAborted(search.work.signal)
  const names = set.members.map(({ name }) => name)
  try {
    const optionsOf = (weights?: readonly number[]) =>
      spaceOptions({ ...form.options, ...(weights ? { weights } : {}) }, names.length)
    if (!withinLimits(leastCost(set, optionsOf(), search.setting), search.limits)) return null
    const make = (options: SpaceOptions) => trySpace(set.members, options, search.setting, quiet(search.work))
    const found = form.learned ? await learned(set, optionsOf, make, search) : await fixed(optionsOf(), make, search)
    const cost = { ...found.cost, indexes: 1, encodings: set.encodings }
    if (!withinLimits(cost, search.limits)) return null
    const { value, weights } = found
    const rank = async (queries: readonly string[]) => {
      const { run } = await make(optionsOf(weights ?? undefined))
      return { run: only(run, queries), weights }
    }
    return { kind: 'space', form, members: names, at: set.at, value, cost, rank }
  } catch (error) {
    if (!(error instanceof FieldtrialError) || !OF_ONE.has(error.code)) throw error
    return { members: names, form: form.name, why: error.message }
  }
}

type Found = Pick<SpaceRun, 'cost'> & { readonly value: number; readonly weights: readonly number[] | null }
type Make = (options: SpaceOptions) => Promise<SpaceRun>

async function fixed(options: SpaceOptions, make: Make, { value }: SpaceSearch): Promise<Found> {
  const { run, cost } = await make(options)
  return { cost, value: value(run), weights: null }
}

/**
 * Inner products of concatenated vectors are the weighted sum of the members' cosines, so weights are learned from the members' runs; the space
 * is then made with them. Each query counts as it is ranked by the space whose weights were learned from the other folds.
 */
async function learned(
  set: SpaceSet,
  optionsOf: (weights: readonly number[]) => SpaceOptions,
  make: Make,
  { data, searched, folds, seed, value, work }: SpaceSearch,
): Promise<Found> {
  const runs = set.at.map((i) => data.runs[i]!)
  const sum = fusionOptions({ method: 'wsum', normalisation: 'none' }, runs.length)
  const learn = async (queries: readonly string[]) =>
    (await learnWeights(runs, queries, sum, data.objective, work.signal)).weights
  // Folds often agree.
  const made = new Map<string, SpaceRun>()
  const spaceOf = async (weights: readonly number[]) => {
    const key = weights.join(' ')
    const found = made.get(key) ?? (await make(optionsOf(weights)))
    made.set(key, found)
    return found
  }
  const parts = foldsOf(searched, folds, seed)
  const honest: Run = new Map()
  for (const [i, held] of parts.entries()) {
    const { run } = await spaceOf(await learn(parts.flatMap((part, j) => (j === i ? [] : part))))
    for (const [query, ranking] of only(run, held)) honest.set(query, ranking)
  }
  const weights = await learn(searched)
  return { cost: (await spaceOf(weights)).cost, value: value(honest), weights }
}

/** What is known of its cost before it is made: vectors without what is around them, and the queries' way through the models. */
function leastCost({ members }: SpaceSet, options: SpaceOptions, { study }: SpaceSetting) {
  const dimension = fusedDimension(
    options,
    members.map(({ vectors }) => vectors.documents.meta.dimension),
  )
  const [first] = members
  const { rows, dtype } = first!.vectors.documents.meta
  const seconds = members.reduce((sum, { vectors }) => sum + vectors.querySeconds, 0)
  return {
    msPerQuery: (seconds * 1000) / Math.max(1, study.queries),
    indexBytes: rows * dimension * (dtype === 'float16' ? 2 : 4),
  }
}

function only(run: Run, queries: readonly string[]): Run {
  return new Map(queries.flatMap((query) => (run.has(query) ? [[query, run.get(query)!] as const] : [])))
}

/** The parts of one try are no progress of the search. */
const quiet = ({ signal }: LongWork): LongWork => (signal ? { signal } : {})
