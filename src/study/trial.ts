import { FieldtrialError } from '../core/errors.ts'
import { fingerprint } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Run } from '../data/types.ts'
import { evaluate } from '../measure/index.ts'
import { obtain, readRecord } from './artifact.ts'
import type { Plan, PlannedTrial } from './plan.ts'
import type { TrialCost, TrialResult } from './results.ts'
import { searchBm25 } from './steps/bm25.ts'
import { makeDenseRun } from './steps/dense-run.ts'
import { fuseInSteps } from './steps/fuse.ts'
import type { LazyEncoder } from './steps/lazy-encoder.ts'
import { finishRun, loadRun, RUN_FILE, saveRun } from './steps/run-file.ts'

/** What is remembered beside a run. */
export interface RunDetail {
  /** Ids in the file are percent-encoded. */
  readonly encodedIds: boolean
  readonly cost: Omit<TrialCost, 'cached'>
  readonly warnings: readonly string[]
  /** Numbers per vector; null without vectors. */
  readonly dimension: number | null
}

export interface MeasuresDetail {
  readonly mean: Readonly<Record<string, number | null>>
  readonly perQuery: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly missing: number
}

/** The run of a trial: taken from the workspace, or made. */
export async function obtainRun(
  plan: Plan,
  trial: PlannedTrial,
  workspace: Workspace,
  encoder: LazyEncoder | undefined,
  work: LongWork,
) {
  const { on } = trial
  if (trial.kind === 'refused') throw trial.error
  const named: LongWork = {
    ...work,
    ...(work.onProgress
      ? { onProgress: (p) => work.onProgress!({ ...p, subject: `${trial.spec.id} × ${on.collection.name}` }) }
      : {}),
  }
  const limits = { depth: plan.study.depth, removeSelf: on.collection.removeSelf }
  return obtain<RunDetail>(
    workspace,
    'runs',
    trial.run,
    async (folder) => {
      // One more than asked for makes up for the query's own document, should it be dropped.
      const { run, detail } = await makeRun(
        plan,
        trial,
        workspace,
        encoder,
        limits.depth + (limits.removeSelf ? 1 : 0),
        named,
      )
      const encodedIds = await saveRun(folder, finishRun(run, limits))
      return { ...detail, encodedIds }
    },
    { files: [RUN_FILE], work: named },
  )
}

async function makeRun(
  plan: Plan,
  trial: PlannedTrial,
  workspace: Workspace,
  encoder: LazyEncoder | undefined,
  depth: number,
  work: LongWork,
): Promise<{ run: Run; detail: Omit<RunDetail, 'encodedIds'> }> {
  const { on } = trial
  const queries = Math.max(1, on.summary.queries)
  switch (trial.kind) {
    case 'bm25': {
      const { run, index, searchSeconds } = await searchBm25(workspace, trial.spec, trial.index, on, depth, work)
      return {
        run,
        detail: {
          warnings: [],
          dimension: null,
          cost: {
            ...NO_COST,
            indexSeconds: index.seconds,
            searchSeconds,
            msPerQuery: (searchSeconds * 1000) / queries,
            indexBytes: index.bytes,
          },
        },
      }
    }
    case 'refused':
      throw trial.error
    case 'dense':
      return makeDenseRun(plan, trial, workspace, encoder!, depth, work)
    case 'fusion': {
      const members = trial.spec.members.map((_, i) => trial.memberRuns[i]!)
      const runs: Run[] = []
      const costs: Omit<TrialCost, 'cached'>[] = []
      for (const [i, identity] of members.entries()) {
        const record = await readRecord<RunDetail>(workspace, 'runs', identity)
        if (!record)
          throw new FieldtrialError(
            'ENGINE_FAILED',
            `${trial.spec.members[i]} gave no run on ${on.collection.name}, so ${trial.spec.id} cannot be made.`,
            { hint: `Mend ${trial.spec.members[i]} first.` },
          )
        runs.push(
          await loadRun(workspace.artifact('runs', fingerprint(identity)), record.detail.encodedIds, work.signal),
        )
        costs.push(record.detail.cost)
      }
      const started = performance.now()
      const run = await fuseInSteps(runs, { ...trial.spec.options, depth }, work)
      const fuseSeconds = (performance.now() - started) / 1000
      return { run, detail: { warnings: [], dimension: null, cost: addCosts(costs, fuseSeconds, queries) } }
    }
  }
}

const NO_COST = {
  encodeDocumentsSeconds: null,
  encodeQueriesSeconds: null,
  documentTokens: null,
  queryTokens: null,
  truncatedDocuments: null,
  truncatedQueries: null,
  peakBytes: null,
} as const

/** A fusion costs what its members cost, and its own work. */
function addCosts(
  costs: readonly Omit<TrialCost, 'cached'>[],
  fuseSeconds: number,
  queries: number,
): Omit<TrialCost, 'cached'> {
  const sum = (value: (cost: Omit<TrialCost, 'cached'>) => number) =>
    costs.reduce((total, cost) => total + value(cost), 0)
  return {
    ...NO_COST,
    indexSeconds: sum((c) => c.indexSeconds),
    searchSeconds: sum((c) => c.searchSeconds) + fuseSeconds,
    msPerQuery: sum((c) => c.msPerQuery) + (fuseSeconds * 1000) / queries,
    indexBytes: sum((c) => c.indexBytes),
  }
}

/** The measures of a trial's run. */
export async function obtainMeasures(
  plan: Plan,
  trial: PlannedTrial,
  made: { readonly folder: string; readonly detail: RunDetail },
  workspace: Workspace,
  work: LongWork,
): Promise<MeasuresDetail> {
  const { detail } = await obtain<MeasuresDetail>(
    workspace,
    'measures',
    trial.measures,
    async () => {
      const evaluation = evaluate(
        await trial.on.collection.qrels(),
        await loadRun(made.folder, made.detail.encodedIds),
        plan.study.measures,
      )
      return {
        mean: Object.fromEntries(evaluation.mean),
        perQuery: Object.fromEntries(
          [...evaluation.perQuery].map(([measure, values]) => [measure, Object.fromEntries(values)]),
        ),
        missing: evaluation.missing.length,
      }
    },
    { work },
  )
  return detail
}

export function doneTrial(trial: PlannedTrial, run: RunDetail, cached: boolean, measured: MeasuresDetail): TrialResult {
  const missing = measured.missing === 0 ? [] : [`${measured.missing} judged queries found no document and count as 0.`]
  return {
    ...trialBase(trial),
    status: 'done',
    error: null,
    runFile: `runs/${trial.on.collection.name}.${trial.spec.id}.trec`,
    mean: measured.mean,
    perQuery: measured.perQuery,
    cost: { cached, ...run.cost },
    warnings: [...run.warnings, ...missing],
  }
}

/** A trial that gave no numbers keeps its place in every table, with the reason. */
export function failedTrial(trial: PlannedTrial, failure: FieldtrialError): TrialResult {
  const cost: TrialCost = { cached: false, ...NO_COST, indexSeconds: 0, searchSeconds: 0, msPerQuery: 0, indexBytes: 0 }
  const error = { code: failure.code, message: failure.message, ...(failure.hint ? { hint: failure.hint } : {}) }
  return { ...trialBase(trial), status: 'failed', error, runFile: null, mean: {}, perQuery: {}, cost, warnings: [] }
}

function trialBase(trial: PlannedTrial) {
  return {
    retriever: trial.spec.id,
    collection: trial.on.collection.name,
    fingerprint: fingerprint(trial.run),
    task: trial.kind === 'dense' && trial.artifacts.task !== null ? trial.on.task : null,
  }
}
