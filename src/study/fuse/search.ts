import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Run } from '../../data/types.ts'
import { type FusionData, predict, shuffled } from '../../fusion/index.ts'
import { comparePaired, evaluate, type Measure, type PairedComparison } from '../../measure/index.ts'
import { objectiveOf } from '../steps/run-fusion.ts'
import { FIXED_FORMS, type Form, honestRun, LEARNED_FORMS, nodeOf } from './forms.ts'
import type { FusableRun, FuseSource } from './source.ts'

export interface SearchLimits {
  /** Retrievers in a fusion at most; default 3. */
  readonly members?: number
  /** Mean milliseconds per query of all members together. */
  readonly msPerQuery?: number
  /** Bytes of all indexes together. */
  readonly indexBytes?: number
}

export interface SearchOptions {
  /** What is made as high as can be. */
  readonly measure: Measure
  readonly limits: SearchLimits
  /** Share of the judged queries that is looked at only in the end, 0 to 1; default 0.5. */
  readonly holdout?: number
  readonly folds: number
  readonly seed: number
  readonly work?: LongWork
}

/** A combination that was tried. */
export interface Candidate {
  /** Names of the members. */
  readonly members: readonly string[]
  /** Null: a retriever alone. */
  readonly form: Form | null
  /** Mean of the measure over the queries of the search; of what is learned by cross-validation within them. */
  readonly value: number
  /** Null where costs are not known. */
  readonly cost: { readonly msPerQuery: number; readonly indexBytes: number } | null
}

export interface Proposal {
  /** All that were tried, best first. */
  readonly candidates: readonly Candidate[]
  readonly best: Candidate
  /** Weights learned from all queries of the search; null where there is nothing to learn. */
  readonly weights: readonly number[] | null
  /** The best single retriever of the search within the limits. */
  readonly single: Candidate
  readonly searched: number
  /** On queries that the search never saw: means, and the proposal against the single retriever. */
  readonly heldOut: {
    readonly queries: number
    readonly value: number
    readonly singleValue: number
    readonly comparison: PairedComparison
  }
}

/** Sets of members tried at most; beyond that they grow one member at a time. */
const MOST_SETS = 150
/** Sets whose weights are learned: the best ones by the fixed forms. */
const LEARNED_SETS = 4
const FEWEST_QUERIES = 20

/**
 * Looks for the best fusion within limits of cost. Queries are parted first: sets of members and ways of fusing them are compared on one part
 * (what is learned by cross-validation within it), and the winner is measured on the other, beside the retriever that is best alone.
 *
 * @throws FieldtrialError `DATA_INVALID` for fewer than 20 judged queries; `USAGE` for limits of costs that are not known, and where no retriever
 *   keeps within the limits.
 */
export async function searchFusion(source: FuseSource, options: SearchOptions): Promise<Proposal> {
  const { measure, limits, holdout = 0.5, folds, seed, work = {} } = options
  const qrels = source.qrels!
  const judged = shuffled(
    [...qrels].flatMap(([query, documents]) => (documents.size > 0 ? [query] : [])),
    seed,
  )
  if (judged.length < FEWEST_QUERIES)
    throw new FieldtrialError(
      'DATA_INVALID',
      `A search needs ${FEWEST_QUERIES} judged queries or more; there are ${judged.length}.`,
      { hint: 'Use a larger collection, or choose by hand.' },
    )
  const searched = judged.slice(0, Math.max(folds, Math.round(judged.length * (1 - holdout))))
  const held = judged.slice(searched.length)
  if (held.length === 0)
    throw new FieldtrialError('USAGE', 'The share held out leaves no query to report on.', {
      hint: 'Give --holdout a value such as 0.5.',
    })
  const data: FusionData = {
    runs: source.runs.map(({ run }) => run),
    objective: objectiveOf(measure, qrels),
    text: source.text,
    work: work.signal ? { signal: work.signal } : {},
  }
  const valueOn = (run: Run, queries: readonly string[]) => {
    const some = new Map(queries.map((query) => [query, qrels.get(query)!]))
    return evaluate(some, run, [measure]).perQuery.get(measure.name)!
  }
  const tried: (Candidate & { readonly at: readonly number[] })[] = []
  const tryOut = async (form: Form | null, at: readonly number[]) => {
    const run = await honestRun(nodeOf(form, at, folds, seed), searched, data)
    const members = at.map((i) => source.runs[i]!.name)
    tried.push({ at, members, form, value: meanOf(valueOn(run, searched)), cost: costOf(source.runs, at) })
    work.onProgress?.({ step: 'search fusions', done: tried.length, unit: 'steps' })
  }
  const allowed = (at: readonly number[]) => withinLimits(costOf(source.runs, at), limits)
  requireCosts(source.runs, limits)
  for (let i = 0; i < source.runs.length; i++) if (allowed([i])) await tryOut(null, [i])
  if (tried.length === 0)
    throw new FieldtrialError('USAGE', 'No retriever alone keeps within the limits.', { hint: 'Allow more.' })
  const bestOf = () => tried.reduce((a, b) => (isBetter(b, a) ? b : a))
  const single = bestOf()
  const most = Math.min(limits.members ?? 3, source.runs.length)
  const sets = setsOf(source.runs.length, most)
  const fixed = async (at: readonly number[]) => {
    if (allowed(at)) for (const form of FIXED_FORMS) await tryOut(form, at)
  }
  if (sets !== null) for (const at of sets) await fixed(at)
  else
    for (let size = 2; size <= most; size++) {
      const base = tried.filter(({ at }) => at.length === size - 1).reduce((a, b) => (isBetter(b, a) ? b : a))
      for (let i = 0; i < source.runs.length; i++) if (!base.at.includes(i)) await fixed([...base.at, i])
    }
  for (const at of bestSets(tried)) for (const form of LEARNED_FORMS) await tryOut(form, at)
  const best = bestOf()
  const proposed = await predict(nodeOf(best.form, best.at, folds, seed), searched, held, data)
  const alone = await predict(nodeOf(null, single.at, folds, seed), [], held, data)
  const [values, singleValues] = [valueOn(proposed.run, held), valueOn(alone.run, held)]
  return {
    candidates: [...tried].sort((a, b) => (isBetter(a, b) ? -1 : 1)),
    best,
    weights: proposed.learned?.kind === 'weights' ? proposed.learned.weights : null,
    single,
    searched: searched.length,
    heldOut: {
      queries: held.length,
      value: meanOf(values),
      singleValue: meanOf(singleValues),
      comparison: comparePaired(singleValues, values, { seed }),
    },
  }
}

type Tried = Candidate & { readonly at: readonly number[] }

/** Higher; of equal ones the one with fewer members, then the cheaper one. */
function isBetter(a: Candidate, b: Candidate): boolean {
  if (Math.abs(a.value - b.value) > 1e-9) return a.value > b.value
  if (a.members.length !== b.members.length) return a.members.length < b.members.length
  return (a.cost?.msPerQuery ?? 0) < (b.cost?.msPerQuery ?? 0)
}

/** The sets of members that did best by fixed forms, several members each. */
function bestSets(tried: readonly Tried[]): (readonly number[])[] {
  const bySet = new Map<string, Tried>()
  for (const candidate of tried) {
    const key = candidate.at.join(' ')
    const before = bySet.get(key)
    if (candidate.at.length > 1 && (before === undefined || isBetter(candidate, before))) bySet.set(key, candidate)
  }
  return [...bySet.values()]
    .sort((a, b) => (isBetter(a, b) ? -1 : 1))
    .slice(0, LEARNED_SETS)
    .map(({ at }) => at)
}

/** All sets of 2 up to `most` members; null where there are too many. */
function setsOf(count: number, most: number): number[][] | null {
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

function costOf(runs: readonly FusableRun[], at: readonly number[]): Candidate['cost'] {
  const costs = at.map((i) => runs[i]!.cost)
  if (costs.some((cost) => cost === null)) return null
  return {
    msPerQuery: costs.reduce((sum, cost) => sum + cost!.msPerQuery, 0),
    indexBytes: costs.reduce((sum, cost) => sum + cost!.indexBytes, 0),
  }
}

function withinLimits(cost: Candidate['cost'], { msPerQuery, indexBytes }: SearchLimits): boolean {
  if (cost === null) return true
  return cost.msPerQuery <= (msPerQuery ?? Infinity) && cost.indexBytes <= (indexBytes ?? Infinity)
}

function requireCosts(runs: readonly FusableRun[], { msPerQuery, indexBytes }: SearchLimits): void {
  if (msPerQuery === undefined && indexBytes === undefined) return
  const unknown = runs.find(({ cost }) => cost === null)
  if (unknown !== undefined)
    throw new FieldtrialError('USAGE', `What ${unknown.name} costs is not known: a run file does not say.`, {
      hint: 'Limit the members, or name a finished study with --results.',
    })
}

function meanOf(values: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const value of values.values()) sum += value
  return sum / Math.max(1, values.size)
}
