import { setImmediate as breathe } from 'node:timers/promises'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Run } from '../../data/types.ts'
import { parametersOf, type ResolvedFusionOptions } from '../options.ts'
import { combineTable, queryTable } from '../query.ts'
import { fitRouter, type RouterReport } from '../route/router.ts'
import { foldsOf } from './folds.ts'
import { type FusionNode, type LearningNode, learns } from './node.ts'
import type { Objective } from './objective.ts'
import { type LearnedWeights, learnWeights } from './weights.ts'

/** What a fusion is learned and made with. */
export interface FusionData {
  /** Those that leaves name. A query that a run lacks counts as one that it found nothing for. */
  readonly runs: readonly Run[]
  readonly objective: Objective
  /** The text of a query, for routes; empty where it is not known. */
  readonly text: (query: string) => string
  /** What a collection's statistics tell of a query's terms, for routes: as many numbers for every query. Absent without an index. */
  readonly terms?: (query: string) => readonly number[]
  readonly work: LongWork
}

/** What was learned, and from how many queries. */
export type Learned =
  | ({ readonly kind: 'weights' } & LearnedWeights)
  | ({
      readonly kind: 'route'
      /** How many of the queries that were ranked went to each choice. */
      readonly chosen: readonly number[]
    } & RouterReport)

export interface Predicted {
  readonly run: Run
  /** Of the node itself; null where it learns nothing. */
  readonly learned: Learned | null
}

/** A fusion made by cross-validation: each query by what was learned from the other folds. */
export interface CrossFitted {
  readonly run: Run
  /** Beside `learned`: the queries of each fold. */
  readonly folds: readonly (readonly string[])[]
  readonly learned: readonly Learned[]
}

/**
 * The node's rankings of all queries by k-fold cross-validation: nothing that ranks a query has seen its judgments. Members that are
 * learned themselves are learned anew from the queries of the other folds alone.
 *
 * @throws FieldtrialError `DATA_INVALID` for fewer queries than folds; `CANCELLED`.
 */
export async function crossFit(node: LearningNode, queries: readonly string[], data: FusionData): Promise<CrossFitted> {
  const folds = foldsOf(queries, node.folds.folds, node.folds.seed)
  const learned: Learned[] = []
  const run: Run = new Map()
  for (const [i, held] of folds.entries()) {
    const rest = folds.flatMap((fold, j) => (j === i ? [] : fold))
    const fitted = await predict(node, rest, held, data)
    learned.push(fitted.learned!)
    for (const [query, ranking] of fitted.run) run.set(query, ranking)
    data.work.onProgress?.({ step: 'learn', done: i + 1, total: folds.length, unit: 'steps' })
  }
  return { run: part(run, queries), folds, learned }
}

/**
 * The node's rankings of some queries.
 *
 * @param train Queries whose judgments may be looked at; none of them may be in `test`.
 */
export async function predict(
  node: FusionNode,
  train: readonly string[],
  test: readonly string[],
  data: FusionData,
): Promise<Predicted> {
  throwIfAborted(data.work.signal)
  if (node.kind === 'run') return { run: part(data.runs[node.run]!, test), learned: null }
  const members: Run[] = []
  for (const member of node.of) members.push((await predict(member, train, test, data)).run)
  if (node.kind === 'fixed') return { run: await combine(members, test, node.options, data.work), learned: null }
  const seen: Run[] = []
  for (const member of node.of) seen.push(await outOfFold(member, node, train, data))
  const { objective, work } = data
  if (node.kind === 'learned') {
    const learned = await learnWeights(seen, train, node.options, objective, work.signal)
    const run = await combine(members, test, { ...node.options, weights: learned.weights }, work)
    return { run, learned: { kind: 'weights', ...learned } }
  }
  const router = await fitRouter(node, seen, train, data)
  const run: Run = new Map()
  const chosen = router.report.choices.map(() => 0)
  for (const query of test) {
    const { choice, ranking } = router.rank(query, members, node.options.depth)
    chosen[choice] = chosen[choice]! + 1
    run.set(query, ranking)
  }
  return { run, learned: { kind: 'route', chosen, ...router.report } }
}

/** A member's rankings of the queries that are learned from, each as it would be for a query that was not. */
async function outOfFold(
  member: FusionNode,
  { folds }: LearningNode,
  queries: readonly string[],
  data: FusionData,
): Promise<Run> {
  if (!learns(member)) return (await predict(member, [], queries, data)).run
  const run: Run = new Map()
  const parts = foldsOf(queries, Math.min(folds.folds, queries.length), folds.seed)
  for (const [i, held] of parts.entries()) {
    const rest = parts.flatMap((fold, j) => (j === i ? [] : fold))
    for (const [query, ranking] of (await predict(member, rest, held, data)).run) run.set(query, ranking)
  }
  return run
}

/** Queries combined before the event loop gets a turn. */
const STEP = 100

async function combine(
  runs: readonly Run[],
  queries: readonly string[],
  options: ResolvedFusionOptions,
  work: LongWork,
): Promise<Run> {
  const parameters = parametersOf(options, runs.length)
  const fused: Run = new Map()
  for (const [i, query] of queries.entries()) {
    if (i % STEP === 0) {
      throwIfAborted(work.signal)
      await breathe()
    }
    fused.set(query, combineTable(query, queryTable(query, runs, options), options, parameters))
  }
  return fused
}

function part(run: Run, queries: readonly string[]): Run {
  return new Map(queries.flatMap((query) => (run.has(query) ? [[query, run.get(query)!] as const] : [])))
}
