import type { FieldtrialError } from '../core/errors.ts'
import { fingerprint } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Run } from '../data/types.ts'
import { evaluate } from '../measure/index.ts'
import { obtain } from './artifact.ts'
import { fusionCost } from './fusion-cost.ts'
import type { FusionDetail } from './fusion-detail.ts'
import { unseenNotes } from './images/readable.ts'
import type { Plan, PlannedTrial } from './plan.ts'
import type { TrialCost, TrialResult } from './results.ts'
import { searchBm25 } from './steps/bm25.ts'
import { makeDenseRun } from './steps/dense-run.ts'
import type { LazyEncoder } from './steps/lazy-encoder.ts'
import { finishRun, loadRun, RUN_FILE, saveRun } from './steps/run-file.ts'
import { loadFusion, makeFusion } from './steps/run-fusion.ts'
import { type EncoderOf, makeSpaceRun } from './steps/space-fusion.ts'

/** What is remembered beside a run. */
export interface RunDetail {
  /** Ids in the file are percent-encoded. */
  readonly encodedIds: boolean
  readonly cost: Omit<TrialCost, 'cached'>
  readonly warnings: readonly string[]
  /** Numbers per vector; null without vectors. */
  readonly dimension: number | null
  /** Of fusions of runs. */
  readonly fusion?: FusionDetail
}

export interface MeasuresDetail {
  readonly mean: Readonly<Record<string, number | null>>
  readonly perQuery: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly missing: number
}

/**
 * The run of a trial: taken from the workspace, or made.
 *
 * @param encoderOf The models of other trials, for a fused space whose members' vectors are gone.
 */
export async function obtainRun(
  plan: Plan,
  trial: PlannedTrial,
  workspace: Workspace,
  encoder: LazyEncoder | undefined,
  work: LongWork,
  encoderOf: EncoderOf = () => undefined,
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
        encoderOf,
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
  encoderOf: EncoderOf,
): Promise<{ run: Run; detail: Omit<RunDetail, 'encodedIds'> }> {
  const { on } = trial
  const queries = Math.max(1, on.summary.queries)
  switch (trial.kind) {
    case 'bm25': {
      const { run, index, searchSeconds } = await searchBm25(workspace, trial.spec, trial.index, on, depth, work)
      return {
        run,
        detail: {
          warnings: unseenNotes(on.summary),
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
      const loaded = await loadFusion(trial, workspace, work)
      const { run, learned, seconds } = await makeFusion(loaded, depth, work)
      const { cost, parts } = fusionCost(loaded, fingerprint(trial.run), { learned, seconds, queries })
      const warnings = learned !== null && learned.shared > 0 ? [sharedWarning(learned.shared)] : []
      return { run, detail: { warnings, dimension: null, cost: { ...NO_COST, ...cost }, fusion: { learned, parts } } }
    }
    case 'space': {
      const { run, detail, ownCost } = await makeSpaceRun(plan, trial, workspace, encoderOf, depth, work)
      return { run, detail: { ...detail, cost: { ...NO_COST, ...ownCost } } }
    }
  }
}

function sharedWarning(shared: number): string {
  const subject = shared === 1 ? '1 query of the split was' : `${shared} queries of the split were`
  return `${subject} not learned from, being under test as well.`
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
