import { FieldtrialError, throwIfAborted } from '../core/errors.ts'
import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import { VERSION } from '../core/version.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Run } from '../data/types.ts'
import { fuse } from '../fusion/index.ts'
import { evaluate } from '../measure/index.ts'
import { obtain, readRecord } from './artifact.ts'
import { compareTrials } from './compare.ts'
import { gatherEvidence } from './evidence.ts'
import { TITLE_RULE } from './identity.ts'
import { machineInfo } from './machine.ts'
import type { Plan, PlannedCollection, PlannedTrial } from './plan.ts'
import {
  type CollectionEvidence,
  type Evidence,
  RESULTS_VERSION,
  type StudyResults,
  type TrialCost,
  type TrialResult,
} from './results.ts'
import { searchBm25 } from './steps/bm25.ts'
import { LazyEncoder, obtainVectors, searchDense } from './steps/dense.ts'
import { quantisationLoss } from './steps/quantisation.ts'
import { finishRun, loadRun, RUN_FILE, saveRun } from './steps/run-file.ts'
import { type DenseSpec, summariseRetriever } from './study.ts'

/** What is remembered beside a run. */
interface RunDetail {
  /** Ids in the file are percent-encoded. */
  readonly encodedIds: boolean
  readonly cost: Omit<TrialCost, 'cached'>
  readonly warnings: readonly string[]
}

interface MeasuresDetail {
  readonly mean: Readonly<Record<string, number | null>>
  readonly perQuery: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly missing: number
}

/** Where a run lies. */
export interface StoredRun {
  readonly folder: string
  /** Ids in the file are percent-encoded, since some hold blanks. */
  readonly encodedIds: boolean
}

export interface Executed {
  readonly results: StudyResults
  readonly evidence: Evidence
  /** The run of each trial that is done. */
  readonly runs: ReadonlyMap<TrialResult, StoredRun>
  /** Fingerprints of the evidence in the workspace. */
  readonly evidenceFingerprints: readonly string[]
  /** The errors of failed trials, in order. */
  readonly failures: readonly FieldtrialError[]
}

export interface ExecuteOptions extends LongWork {
  /** Told when a trial is over. */
  readonly onTrial?: (
    result: TrialResult,
    progress: { readonly done: number; readonly of: number; readonly seconds: number },
  ) => void
}

/** Errors after which going on with other trials makes no sense. */
const FATAL = new Set(['CANCELLED', 'DISK_FULL', 'WORKSPACE_VERSION'])

/**
 * Does all the work of a plan that is not done yet. A trial that fails keeps its place with its reason, and the others go on.
 *
 * @throws FieldtrialError `CANCELLED` or `DISK_FULL`; finished work is kept.
 */
export async function executePlan(plan: Plan, workspace: Workspace, options: ExecuteOptions = {}): Promise<Executed> {
  const runs = new Map<TrialResult, StoredRun>()
  const failures: FieldtrialError[] = []
  const trials: TrialResult[] = []
  const encoders = new Map([...plan.encoders].map(([id, prepared]) => [id, new LazyEncoder(prepared)]))
  try {
    for (const trial of plan.trials) {
      throwIfAborted(options.signal)
      let result: TrialResult
      const started = performance.now()
      try {
        const made = await obtainRun(plan, trial, workspace, encoders.get(trial.spec.id), options)
        const measured = await obtainMeasures(plan, trial, made, workspace, options)
        result = doneTrial(trial, made.detail, made.cached, measured)
        runs.set(result, { folder: made.folder, encodedIds: made.detail.encodedIds })
      } catch (error) {
        const failure = asFailure(error)
        if (FATAL.has(failure.code)) throw error
        failures.push(failure)
        result = failedTrial(trial, failure)
      }
      trials.push(result)
      options.onTrial?.(result, {
        done: trials.length,
        of: plan.trials.length,
        seconds: (performance.now() - started) / 1000,
      })
      // A model is not needed once its last trial is over; 7B of them would not fit side by side.
      const next = plan.trials[trials.length]
      if (next?.spec.id !== trial.spec.id) await encoders.get(trial.spec.id)?.close()
    }
  } finally {
    for (const encoder of encoders.values()) await encoder.close()
  }
  const results = assemble(plan, trials)
  const { evidence, fingerprints } = await obtainEvidence(plan, trials, runs, workspace, options)
  return { results, evidence, evidenceFingerprints: fingerprints, runs, failures }
}

async function obtainRun(
  plan: Plan,
  trial: PlannedTrial,
  workspace: Workspace,
  encoder: LazyEncoder | undefined,
  work: LongWork,
) {
  const { on } = trial
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
      const encodedIds = await saveRun(folder, finishRun(run, limits), trial.spec.id)
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
    case 'dense': {
      const documents = await obtainVectors(
        workspace,
        encoder!,
        trial.documents,
        'document',
        plan.study.vectorDtype,
        on,
        work,
      )
      const asked = await obtainVectors(workspace, encoder!, trial.queries, 'query', 'float32', on, work)
      const { run, seconds } = await searchDense(
        asked.store,
        documents.store,
        trial.encoder.info.recipe.similarity,
        depth,
        work,
      )
      const share = (detail: { truncated: number | null; rows: number }) =>
        detail.truncated === null || detail.rows === 0 ? null : detail.truncated / detail.rows
      return {
        run,
        detail: {
          warnings: [
            ...trial.encoder.info.warnings,
            ...(trial.spec.model.dtype === 'int8'
              ? [await quantisationLoss(workspace, trial.spec, encoder!, on, work)]
              : []),
          ],
          cost: {
            indexSeconds: documents.detail.seconds,
            encodeDocumentsSeconds: documents.detail.seconds,
            encodeQueriesSeconds: asked.detail.seconds,
            searchSeconds: seconds,
            msPerQuery: ((asked.detail.seconds + seconds) * 1000) / queries,
            indexBytes: documents.detail.bytes,
            documentTokens: documents.detail.tokens,
            queryTokens: asked.detail.tokens,
            truncatedDocuments: share(documents.detail),
            truncatedQueries: share(asked.detail),
          },
        },
      }
    }
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
        runs.push(await loadRun(workspace.artifact('runs', fingerprint(identity)), record.detail.encodedIds))
        costs.push(record.detail.cost)
      }
      const started = performance.now()
      const run = fuse(runs, { ...trial.spec.options, depth })
      const fuseSeconds = (performance.now() - started) / 1000
      return { run, detail: { warnings: [], cost: addCosts(costs, fuseSeconds, queries) } }
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

async function obtainMeasures(
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

function doneTrial(trial: PlannedTrial, run: RunDetail, cached: boolean, measured: MeasuresDetail): TrialResult {
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

function failedTrial(trial: PlannedTrial, failure: FieldtrialError): TrialResult {
  const cost: TrialCost = { cached: false, ...NO_COST, indexSeconds: 0, searchSeconds: 0, msPerQuery: 0, indexBytes: 0 }
  const error = { code: failure.code, message: failure.message, ...(failure.hint ? { hint: failure.hint } : {}) }
  return { ...trialBase(trial), status: 'failed', error, runFile: null, mean: {}, perQuery: {}, cost, warnings: [] }
}

function trialBase(trial: PlannedTrial) {
  return { retriever: trial.spec.id, collection: trial.on.collection.name, fingerprint: fingerprint(trial.run) }
}

function asFailure(error: unknown): FieldtrialError {
  if (error instanceof FieldtrialError) return error
  return new FieldtrialError('INTERNAL', error instanceof Error ? error.message : String(error), {
    hint: 'This is a bug; please report it with the stack trace (FIELDTRIAL_DEBUG=1).',
    cause: error,
  })
}

function assemble(plan: Plan, trials: readonly TrialResult[]): StudyResults {
  const { study } = plan
  const measures = study.measures.map((m) => m.name)
  return {
    resultsVersion: RESULTS_VERSION,
    fieldtrial: VERSION,
    study: study.name,
    description: study.description,
    finishedAt: new Date().toISOString(),
    machine: machineInfo(),
    smoke: plan.limit === null ? null : { limit: plan.limit },
    measures,
    collections: plan.collections.map(collectionResult),
    retrievers: study.retrievers.map((spec) => {
      const encoder = plan.encoders.get(spec.id)?.info
      return {
        id: spec.id,
        kind: spec.kind,
        summary: summariseRetriever(spec),
        resolved: encoder
          ? {
              ...(spec.kind === 'dense' ? { model: withoutPlace(spec.model) } : {}),
              recipe: encoder.recipe as unknown as Json,
              identity: encoder.identity,
            }
          : (spec as unknown as Json),
        dimension: encoder?.dimension ?? null,
        parameters: encoder?.parameters ?? null,
        members: spec.kind === 'fusion' ? spec.members : [],
        warnings: encoder?.warnings ?? [],
      }
    }),
    trials,
    comparison: study.comparison,
    comparisons: compareTrials(trials, measures, study.comparison),
  }
}

function collectionResult({ given, collection, summary, fingerprint: key }: PlannedCollection) {
  return {
    name: collection.name,
    source: given,
    split: collection.split,
    fingerprint: key,
    documents: summary.documents,
    queries: summary.queries,
    judgments: summary.judgments,
    removeSelf: collection.removeSelf,
    titleRule: titleRule(collection),
    findings: summary.findings,
  }
}

async function obtainEvidence(
  plan: Plan,
  trials: readonly TrialResult[],
  stored: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<{ evidence: Evidence; fingerprints: string[] }> {
  const collections: CollectionEvidence[] = []
  const fingerprints: string[] = []
  const measure = plan.study.measures[0]!.name
  for (const on of plan.collections) {
    throwIfAborted(work.signal)
    const here = trials.filter((t) => t.collection === on.collection.name && t.status === 'done')
    const identity: Json = {
      artifact: 'evidence',
      version: 1,
      collection: on.fingerprint,
      name: on.collection.name,
      measure,
      runs: here.map((t) => ({ retriever: t.retriever, run: t.fingerprint })),
    }
    const { detail } = await obtain<CollectionEvidence>(
      workspace,
      'evidence',
      identity,
      async () => {
        const runs = new Map<string, Run>()
        for (const trial of here) {
          const { folder, encodedIds } = stored.get(trial)!
          runs.set(trial.retriever, await loadRun(folder, encodedIds))
        }
        return gatherEvidence(on, here, runs, measure)
      },
      { work },
    )
    collections.push(detail)
    fingerprints.push(fingerprint(identity))
  }
  return { evidence: { collections }, fingerprints }
}

function titleRule(collection: PlannedCollection['collection']): string {
  const { titles } = collection.reading as { readonly titles?: string }
  return titles === 'omit' ? 'text alone' : TITLE_RULE
}

/** A model as the user named it: where it lies on this machine is nobody's business and decides nothing. */
function withoutPlace({ given, ...model }: DenseSpec['model']): Json {
  return { ...model, model: given }
}
