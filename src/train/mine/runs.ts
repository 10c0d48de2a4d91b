import { basename } from 'node:path'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { rankOrder } from '../../data/id-order.ts'
import { type Ranking, type Run, readRun } from '../../data/index.ts'
import { type Plan, type PlannedCollection, type PlannedTrial, planOn } from '../../study/plan.ts'
import { hashRun } from '../../study/sample/gather-hard.ts'
import { LazyEncoder } from '../../study/steps/lazy-encoder.ts'
import { loadRun } from '../../study/steps/run-file.ts'
import type { Study } from '../../study/study.ts'
import { summariseRetriever } from '../../study/summary.ts'
import { obtainRun } from '../../study/trial.ts'

/** One retriever that negatives are mined with. */
export interface MiningRetriever {
  readonly id: string
  readonly kind: 'bm25' | 'dense' | 'fusion' | 'run'
  /** One line for people. */
  readonly summary: string
  /** Identity of its rankings. */
  readonly identity: Json
}

/** What the rankings come from. */
export interface MiningRuns {
  readonly retrievers: readonly MiningRetriever[]
  /** The rankings of one part's queries, retriever by retriever, best first. */
  rankings(chunk: PlannedCollection): Promise<Rankings>
}

/** What one retriever gave for a query. */
export interface Ranked {
  readonly ranking: Ranking
  /** As `candidatesOf` takes it. */
  readonly rest: number | null
}

/** By retriever. */
export type Rankings = ReadonlyMap<string, (query: string) => Ranked>

/**
 * Plans the retrievers, and makes every run that is not in the workspace yet: one model in memory at a time, one part of the queries after
 * the other.
 *
 * @param depth Documents of a ranking.
 * @param study Its retrievers; those that are only members of a fusion mine nothing themselves.
 * @param runFiles TREC runs over the same documents.
 * @throws FieldtrialError Where a retriever cannot be run.
 */
export async function makeRuns(
  study: Study,
  depth: number,
  runFiles: readonly string[],
  chunks: readonly PlannedCollection[],
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<MiningRuns> {
  const plan = study.retrievers.length === 0 ? null : await planOn({ ...study, depth }, chunks, workspace, options)
  const members = new Set(study.retrievers.flatMap((spec) => (spec.kind === 'fusion' ? spec.members : [])))
  if (plan !== null) await executeRuns(plan, workspace, options)
  const files = await readFiles(runFiles, options)
  const miners = study.retrievers.filter(({ id }) => !members.has(id))
  const trialsOf = (id: string) => plan!.trials.filter(({ spec }) => spec.id === id)
  return {
    retrievers: [
      ...miners.map((spec) => ({
        id: spec.id,
        kind: spec.kind,
        summary: summariseRetriever(spec, plan!.encoders.get(spec.id)?.info.recipe),
        identity: trialsOf(spec.id).map(({ run }) => fingerprint(run)),
      })),
      ...files.map(({ id, sha256 }) => ({ id, kind: 'run' as const, summary: `the run ${id}`, identity: { sha256 } })),
    ],
    async rankings(chunk) {
      const found = new Map<string, (query: string) => Ranked>()
      for (const { id, kind } of miners) {
        const trial = trialsOf(id).find(({ on }) => on === chunk)!
        const run = await readMade(plan!, trial, workspace, options)
        found.set(id, (query) => {
          const ranking = inOrder(run.get(query))
          return { ranking, rest: kind === 'bm25' && ranking.ids.length < depth ? 0 : null }
        })
      }
      for (const { id, run } of files) found.set(id, (query) => ({ ranking: inOrder(run.get(query)), rest: null }))
      return found
    },
  }
}

/** Does what is left to do, retriever by retriever, as a study would. */
async function executeRuns(plan: Plan, workspace: Workspace, work: LongWork): Promise<void> {
  const loaded = new Map([...new Set(plan.encoders.values())].map((prepared) => [prepared, new LazyEncoder(prepared)]))
  const encoderOf = (trial: PlannedTrial | undefined) =>
    trial?.kind === 'dense' ? loaded.get(trial.encoder) : undefined
  try {
    for (const [i, trial] of plan.trials.entries()) {
      throwIfAborted(work.signal)
      await obtainRun(plan, trial, workspace, encoderOf(trial), work)
      const next = encoderOf(plan.trials[i + 1])
      if (next !== encoderOf(trial)) await encoderOf(trial)?.close()
    }
  } finally {
    for (const encoder of loaded.values()) await encoder.close()
  }
}

async function readMade(plan: Plan, trial: PlannedTrial, workspace: Workspace, work: LongWork): Promise<Run> {
  const { folder, detail } = await obtainRun(plan, trial, workspace, undefined, work)
  return loadRun(folder, detail.encodedIds, work.signal)
}

async function readFiles(paths: readonly string[], { signal }: LongWork) {
  const files: { id: string; sha256: string; run: Run }[] = []
  for (const path of paths) {
    const sha256 = await hashRun(path)
    const { run } = await readRun(path, signal ? { signal } : {})
    const id = basename(path)
    if (files.some((other) => other.id === id))
      throw new FieldtrialError('USAGE', `Two run files are called ${id}.`, { hint: 'Rename one of them.' })
    files.push({ id, sha256, run })
  }
  return files
}

const NOTHING: Ranking = { ids: [], scores: new Float64Array(0) }

/** Files need not be in order. */
function inOrder(ranking: Ranking = NOTHING): Ranking {
  const order = rankOrder(ranking.ids, ranking.scores, 'float64')
  if (order === null) return ranking
  const places = [...order]
  return {
    ids: places.map((at) => ranking.ids[at]!),
    scores: Float64Array.from(places, (at) => ranking.scores[at]!),
  }
}
