import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Qrels, Ranking, Run } from '../../data/types.ts'
import {
  crossFit,
  type FusionData,
  type FusionOptions,
  type Learned,
  type LearningNode,
  type Objective,
  predict,
  termFeatures,
} from '../../fusion/index.ts'
import { judge, type Measure } from '../../measure/index.ts'
import type { LearnedDetail, LearnedPart } from '../fusion-detail.ts'
import type { PlannedCollection, PlannedTrial } from '../plan.ts'
import { obtainIndex } from './bm25.ts'
import { fuseInSteps } from './fuse.ts'
import { type MemberRun, memberRun } from './member-run.ts'

export type FusionTrial = PlannedTrial & { readonly kind: 'fusion' }

/** A fusion with all that it is made from in memory. */
export interface LoadedFusion {
  readonly trial: FusionTrial
  /** Of the members, in their order. */
  readonly members: readonly MemberRun[]
  readonly learning: LoadedLearning | null
}

interface LoadedLearning {
  readonly node: LearningNode
  readonly measure: Measure
  readonly data: FusionData
  /** Null: by folds of the queries under test. */
  readonly train: readonly string[] | null
  readonly queries: readonly string[]
  readonly shared: number
}

/** A fused run, and how it came about. */
export interface MadeFusion {
  readonly run: Run
  readonly learned: LearnedDetail | null
  /** Seconds of combining, learning excluded where there was any. */
  readonly seconds: number
}

/** Reads the runs that a fusion needs; where it is learned also queries and judgments. */
export async function loadFusion(trial: FusionTrial, workspace: Workspace, work: LongWork): Promise<LoadedFusion> {
  const { spec, on, learning } = trial
  const members: MemberRun[] = []
  for (const [i, identity] of trial.memberRuns.entries()) {
    const what = { member: spec.members[i]!, on: on.collection.name, fusion: spec.id }
    members.push(await memberRun(workspace, identity, what, work.signal))
  }
  return { trial, members, learning: learning && (await loadLearning(trial, learning, members, workspace, work)) }
}

async function loadLearning(
  { spec, on }: FusionTrial,
  { node, leaves, measure, training, terms: statistics }: NonNullable<FusionTrial['learning']>,
  members: readonly MemberRun[],
  workspace: Workspace,
  work: LongWork,
): Promise<LoadedLearning> {
  const queries = (await on.collection.queries()).map(({ id }) => id)
  const texts = await textsOf(on)
  const runs: Run[] = []
  for (const { id, run } of leaves) {
    const loaded = members.find(({ key }) => key === fingerprint(run))
    const what = { member: id, on: on.collection.name, fusion: spec.id }
    runs.push((loaded ?? (await memberRun(workspace, run, what, work.signal))).run)
  }
  const qrels = await on.collection.qrels()
  const common = { node, measure, queries }
  const about = async (text: (query: string) => string) => {
    if (statistics === null) return { text }
    const { index } = await obtainIndex(workspace, statistics.spec, statistics.index, on, work)
    return { text, terms: (query: string) => termFeatures(index.queryStatistics(text(query))) }
  }
  if (training === null) {
    const asked = await about((query) => texts.get(query) ?? '')
    const data = { runs, objective: objectiveOf(measure, qrels), ...asked, work }
    return { ...common, data, train: null, shared: 0 }
  }
  // A query under test must not be learned from, in whichever split it stands.
  const plain = (text: string) => text.toLowerCase().replaceAll(/\s+/g, ' ').trim()
  const tested = new Set([...texts.values()].map(plain))
  const others = await textsOf(training.on)
  const otherQrels = await training.on.collection.qrels()
  const train = [...others].flatMap(([id, text]) => (texts.has(id) || tested.has(plain(text)) ? [] : [id]))
  const own = new Set(train)
  const joined = runs.map((run) => new Map(run))
  for (const [i, identity] of training.runs.entries()) {
    const name = `${on.collection.name} (${training.on.collection.split})`
    const other = await memberRun(
      workspace,
      identity,
      { member: leaves[i]!.id, on: name, fusion: spec.id },
      work.signal,
    )
    for (const [query, ranking] of other.run) if (own.has(query)) joined[i]!.set(query, ranking)
  }
  const data = {
    runs: joined,
    objective: objectiveOf(measure, otherQrels),
    ...(await about((query) => (own.has(query) ? others : texts).get(query) ?? '')),
    work,
  }
  return { ...common, data, train, shared: others.size - train.length }
}

/** A measure by some judgments; asking for the worth of a query without any is a mistake, not a 0. */
export function objectiveOf(measure: Measure, qrels: Qrels): Objective {
  return {
    cutoff: measure.cutoff,
    gain: (query: string, ranking: Ranking) => {
      const judged = qrels.get(query)
      if (judged === undefined)
        throw new FieldtrialError('INTERNAL', `A fusion was to learn from ${query}, which has no judgments.`)
      return measure.compute(judge(query, ranking, judged, false))
    },
  }
}

async function textsOf({ collection }: PlannedCollection): Promise<Map<string, string>> {
  return new Map((await collection.queries()).map(({ id, text }) => [id, text]))
}

/**
 * Makes the fusion, or, for the ablation, the fusion without one member. Of one member only, its run is what is left.
 *
 * @param depth Documents kept per query.
 */
export async function makeFusion(
  { trial, members, learning }: LoadedFusion,
  depth: number,
  work: LongWork,
  without: number | null = null,
): Promise<MadeFusion> {
  const kept = <T>(items: readonly T[]) => items.filter((_, i) => i !== without)
  if (learning !== null) {
    const of = kept(learning.node.of)
    const options = { ...learning.node.options, depth }
    if (of.length === 1) {
      // Alone it needs no weights; what is learned below it still is.
      return { run: kept(members)[0]!.run, learned: null, seconds: 0 }
    }
    return learn({ ...learning, node: { ...learning.node, of, options } })
  }
  const runs = kept(members).map(({ run }) => run)
  if (runs.length === 1) return { run: runs[0]!, learned: null, seconds: 0 }
  const { options } = trial.spec
  const weights = options.weights && kept(options.weights)
  const started = performance.now()
  const some: FusionOptions = { ...options, ...(weights ? { weights } : {}), depth }
  const run = await fuseInSteps(runs, some, work)
  return { run, learned: null, seconds: (performance.now() - started) / 1000 }
}

async function learn({ node, data, queries, train, measure, shared }: LoadedLearning): Promise<MadeFusion> {
  if (train === null) {
    const { gain } = data.objective
    const meanOf = (run: Run, ranked: readonly string[]) =>
      ranked.reduce((sum, query) => sum + gain(query, run.get(query) ?? EMPTY), 0) / Math.max(1, ranked.length)
    const { run, folds, learned } = await crossFit(node, queries, data)
    const seconds = await combiningSeconds(node, queries, data)
    const parts = learned.map((part, i) => partOf(part, folds[i]!.length, meanOf(run, folds[i]!)))
    return { run, learned: { measure: measure.name, parts, shared }, seconds }
  }
  const { run, learned } = await predict(node, train, queries, data)
  const seconds = await combiningSeconds(node, queries, data)
  // The run does not depend on the judgments under test, so what it is worth by them is no part of it.
  const parts = [partOf(learned!, queries.length, null)]
  return { run, learned: { measure: measure.name, parts, shared }, seconds }
}

const EMPTY: Ranking = { ids: [], scores: new Float64Array(0) }

/** What combining costs once weights are known: what a user waits for, learning excluded. A route to one member combines nothing. */
async function combiningSeconds(node: LearningNode, queries: readonly string[], data: FusionData): Promise<number> {
  const plain = {
    kind: 'fixed',
    options: node.options,
    of: data.runs.map((_, run) => ({ kind: 'run', run }) as const),
  } as const
  if (node.kind === 'route' && node.route.to === 'member') return 0
  const started = performance.now()
  if (data.runs.length > 1) await predict(plain, [], queries, { ...data, work: {} })
  return (performance.now() - started) / 1000
}

function partOf(learned: Learned, ranked: number, rankedValue: number | null): LearnedPart {
  if (learned.kind === 'weights') {
    const { weights, value, queries } = learned
    return { train: queries, ranked, trainValue: value, rankedValue, weights, route: null }
  }
  const { strength, choices, chosen, constantValue, oracleValue, routedValue, queries } = learned
  const route = { strength, choices, chosen, constantValue, oracleValue }
  return { train: queries, ranked, trainValue: routedValue, rankedValue, weights: null, route }
}
