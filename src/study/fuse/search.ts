import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { type FusionData, predict, shuffled } from '../../fusion/index.ts'
import { comparePaired, evaluate, type Measure, type PairedComparison } from '../../measure/index.ts'
import { objectiveOf } from '../steps/run-fusion.ts'
import {
  bestOf,
  bestSets,
  type Candidate,
  costOf,
  isBetter,
  requireCosts,
  type SearchLimits,
  setsOf,
  type Tried,
  withinLimits,
} from './candidates.ts'
import { FIXED_FORMS, type Form, honestRun, LEARNED_FORMS, nodeOf } from './forms.ts'
import { fixedForms, type LeftOut, learnedForms, type SpaceSearch, type SpaceSet, tryForm } from './search-spaces.ts'
import type { FuseSource } from './source.ts'
import { readSpaceMembers } from './space-members.ts'

export interface SearchOptions {
  /** What is made as high as can be. */
  readonly measure: Measure
  readonly limits: SearchLimits
  /** Share of the judged queries that is looked at only in the end, 0 to 1; default 0.5. */
  readonly holdout?: number
  readonly folds: number
  readonly seed: number
  /** Where the study's vectors lie, so that spaces are fused too. Default: only runs are. */
  readonly workspace?: Workspace
  readonly work?: LongWork
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
  /** Fused spaces that could not be made. */
  readonly leftOut: readonly LeftOut[]
  /** Retrievers with vectors of their own that are not in the workspace any more. */
  readonly withoutVectors: readonly string[]
}

/** Sets whose weights are learned, and sets of which spaces are made: the best ones by the fixed forms of runs. */
const LEARNED_SETS = 4
const SPACE_SETS = 4
/** Sets whose space has its weights learned: each takes as many spaces as there are folds. */
const LEARNED_SPACES = 2
const FEWEST_QUERIES = 20

/**
 * Looks for the best fusion, of runs or of spaces, within limits of cost. Queries are parted first: sets of members and ways of fusing them are
 * compared on one part (what is learned by cross-validation within it), and the winner is measured on the other, beside the retriever that is best
 * alone. Spaces are fitted on documents only.
 *
 * @throws FieldtrialError `DATA_INVALID` for fewer than 20 judged queries; `USAGE` for limits of costs that are not known, and where no retriever
 *   keeps within the limits.
 */
export async function searchFusion(source: FuseSource, options: SearchOptions): Promise<Proposal> {
  const { measure, limits, folds, seed, work = {} } = options
  const qrels = source.qrels!
  const { searched, held } = partQueries(source, options)
  const data: FusionData = {
    runs: source.runs.map(({ run }) => run),
    objective: objectiveOf(measure, qrels),
    text: source.text,
    work: work.signal ? { signal: work.signal } : {},
  }
  const valuesOn = (run: Run, queries: readonly string[]) => {
    const some = new Map(queries.map((query) => [query, qrels.get(query)!]))
    return evaluate(some, run, [measure]).perQuery.get(measure.name)!
  }
  requireCosts(source.runs, limits)
  const members = await readSpaceMembers(source, options.workspace)
  const tried: Tried[] = []
  const keep = (candidate: Tried) => {
    tried.push(candidate)
    work.onProgress?.({ step: 'search fusions', done: tried.length, unit: 'steps' })
  }
  const runCost = (at: readonly number[]) => costOf(source.runs, at, members.encodingsOf(at))
  const ofRuns = async (form: Form | null, at: readonly number[]): Promise<Tried> => {
    const node = nodeOf(form, at, folds, seed)
    const run = await honestRun(node, searched, data)
    const kind = form === null ? ({ kind: 'single' } as const) : ({ kind: 'runs', form } as const)
    return {
      ...kind,
      at,
      members: at.map((i) => source.runs[i]!.name),
      value: meanOf(valuesOn(run, searched)),
      cost: runCost(at),
      rank: async (queries) => {
        const { run: ranked, learned } = await predict(node, form === null ? [] : searched, queries, data)
        return { run: ranked, weights: learned?.kind === 'weights' ? learned.weights : null }
      },
    }
  }
  const allowed = (at: readonly number[]) => withinLimits(runCost(at), limits)
  for (let i = 0; i < source.runs.length; i++) if (allowed([i])) keep(await ofRuns(null, [i]))
  const single = bestOf(tried)
  if (single === undefined)
    throw new FieldtrialError('USAGE', 'No retriever alone keeps within the limits.', { hint: 'Allow more.' })
  const most = Math.min(limits.members ?? 3, source.runs.length)
  // Sets whose runs together cost too much may still make a space that does not.
  const spaces: Tried[] = []
  const fixed = async (at: readonly number[]) => {
    const isSpace = members.setOf(at) !== null
    if (!allowed(at) && !isSpace) return
    for (const form of FIXED_FORMS) {
      const candidate = await ofRuns(form, at)
      if (allowed(at)) keep(candidate)
      if (isSpace) spaces.push(candidate)
    }
  }
  const sets = setsOf(source.runs.length, most)
  if (sets !== null) for (const at of sets) await fixed(at)
  else
    for (let size = 2; size <= most; size++) {
      const smaller = ({ at }: Tried) => at.length === size - 1
      const base = bestOf(tried.filter(smaller)) ?? bestOf(spaces.filter(smaller))
      if (base === undefined) break
      for (let i = 0; i < source.runs.length; i++) if (!base.at.includes(i)) await fixed([...base.at, i])
    }
  for (const at of bestSets(tried, LEARNED_SETS)) for (const form of LEARNED_FORMS) keep(await ofRuns(form, at))
  const leftOut: LeftOut[] = []
  if (members.setting !== null) {
    const value = (run: Run) => meanOf(valuesOn(run, searched))
    const search: SpaceSearch = { setting: members.setting, data, limits, searched, folds, seed, value, work }
    const found = bestSets(spaces, SPACE_SETS).map((at) => members.setOf(at)!)
    await trySpaces(found, search, keep, leftOut)
  }
  const best = bestOf(tried)!
  const proposed = await best.rank(held)
  const alone = await single.rank(held)
  const [values, singleValues] = [valuesOn(proposed.run, held), valuesOn(alone.run, held)]
  return {
    candidates: [...tried].sort((a, b) => (isBetter(a, b) ? -1 : 1)),
    best,
    weights: proposed.weights,
    single,
    searched: searched.length,
    heldOut: {
      queries: held.length,
      value: meanOf(values),
      singleValue: meanOf(singleValues),
      comparison: comparePaired(singleValues, values, { seed }),
    },
    leftOut,
    withoutVectors: members.gone,
  }
}

/** Fused spaces of some sets, the best sets by these with learned weights too. */
async function trySpaces(
  sets: readonly SpaceSet[],
  search: SpaceSearch,
  keep: (candidate: Tried) => void,
  leftOut: LeftOut[],
): Promise<void> {
  const made: Tried[] = []
  const attempt = async (set: SpaceSet, form: Parameters<typeof tryForm>[1]) => {
    const found = await tryForm(set, form, search)
    if (found === null) return
    if ('why' in found) leftOut.push(found)
    else {
      keep(found)
      made.push(found)
    }
  }
  for (const set of sets) for (const form of fixedForms(set)) await attempt(set, form)
  for (const at of bestSets(made, LEARNED_SPACES)) {
    const set = sets.find((one) => one.at === at)!
    for (const form of learnedForms(set)) await attempt(set, form)
  }
}

/**
 * The judged queries in two parts, by the seed and their ids alone.
 *
 * @throws FieldtrialError `DATA_INVALID` for fewer than 20; `USAGE` where a part is empty.
 */
function partQueries(source: FuseSource, { holdout = 0.5, folds, seed }: SearchOptions) {
  const judged = shuffled(
    [...source.qrels!].flatMap(([query, documents]) => (documents.size > 0 ? [query] : [])),
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
  return { searched, held }
}

function meanOf(values: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const value of values.values()) sum += value
  return sum / Math.max(1, values.size)
}
