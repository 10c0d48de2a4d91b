import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Qrels, Run } from '../../data/types.ts'
import {
  crossFit,
  type FusionData,
  type FusionNode,
  type FusionOptions,
  fuse,
  fusionOptions,
  type Learned,
  type LearningNode,
  predict,
  requireWeighted,
  routeOptions,
} from '../../fusion/index.ts'
import type { Measure } from '../../measure/index.ts'
import { objectiveOf } from '../steps/run-fusion.ts'
import type { FuseSource } from './source.ts'

export interface MakeOptions {
  /** A method of runs, or `route`. */
  readonly method: FusionOptions['method'] | 'route'
  readonly options: Omit<FusionOptions, 'method'>
  /** Learn the weights by cross-validation over the judged queries. A route always does. */
  readonly learned: boolean
  readonly folds: number
  readonly seed: number
  readonly measure: Measure
  readonly work?: LongWork
}

export interface Made {
  /** Of what is learned: each judged query by what was learned from the other folds, the others by what was learned from all judged ones. */
  readonly run: Run
  /** Per fold; empty where nothing is learned. */
  readonly folds: readonly Learned[]
  /** From all judged queries: for queries to come. Null where nothing is learned. */
  readonly whole: Learned | null
}

/**
 * Fuses the runs of a source.
 *
 * @throws FieldtrialError `USAGE` for options that do not fit, and for learning without judgments; as `fuse` and `crossFit`.
 */
export async function makeFused(source: FuseSource, asked: MakeOptions): Promise<Made> {
  const { method, options, learned, folds, seed, work = {} } = asked
  const runs = source.runs.map(({ run }) => run)
  if (method !== 'route' && !learned) return { run: fuse(runs, { ...options, method }), folds: [], whole: null }
  if (runs.length < 2)
    throw new FieldtrialError('USAGE', 'A fusion needs two runs or more.', { hint: 'Name at least two.' })
  const qrels = requireJudgments(source.qrels)
  const of = runs.map((_, run): FusionNode => ({ kind: 'run', run }))
  const node: LearningNode =
    method === 'route'
      ? {
          kind: 'route',
          route: routeOptions(),
          options: fusionOptions({ ...options, method: 'wsum' }),
          folds: { folds, seed },
          of,
        }
      : { kind: 'learned', options: fusionOptions({ ...options, method }), folds: { folds, seed }, of }
  if (node.kind === 'learned') requireWeighted(node.options)
  const all = [...new Set(runs.flatMap((run) => [...run.keys()]))]
  const judged = [...qrels].flatMap(([query, documents]) => (documents.size > 0 ? [query] : []))
  const data: FusionData = { runs, objective: objectiveOf(asked.measure, qrels), text: source.text, work }
  const fitted = await crossFit(node, judged, data)
  const known = new Set(judged)
  const rest = await predict(
    node,
    judged,
    all.filter((query) => !known.has(query)),
    data,
  )
  return { run: new Map([...fitted.run, ...rest.run]), folds: fitted.learned, whole: rest.learned }
}

function requireJudgments(qrels: Qrels | null): Qrels {
  if (qrels !== null) return qrels
  throw new FieldtrialError('USAGE', 'Nothing can be learned without judgments.', {
    hint: 'Name them with --qrels, or a finished study with --results.',
  })
}
