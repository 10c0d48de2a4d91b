import { FieldtrialError, throwIfAborted } from '../core/errors.ts'
import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import { obtainAblation } from './ablation.ts'
import { obtain } from './artifact.ts'
import { assemble } from './assemble.ts'
import { addDomains } from './domains/obtain.ts'
import { gatherEvidence } from './evidence.ts'
import type { FusionOutcome } from './fusion-results.ts'
import { obtainLints } from './lint/study-lint.ts'
import type { Plan, PlannedTrial } from './plan.ts'
import type { CollectionEvidence, Evidence, StudyResults, TrialResult } from './results.ts'
import { obtainSpaces } from './spaces.ts'
import { LazyEncoder } from './steps/lazy-encoder.ts'
import { loadRun } from './steps/run-file.ts'
import type { EncoderOf } from './steps/space-fusion.ts'
import { doneTrial, failedTrial, obtainMeasures, obtainRun } from './trial.ts'

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
  /** Fingerprints of what lint remembers in the workspace. */
  readonly lintFingerprints: readonly string[]
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
  const fusions = new Map<TrialResult, FusionOutcome>()
  // A server tells its dimension only when it is asked for vectors.
  const dimensions = new Map<string, number>()
  // Retrievers of equal model and recipe share one.
  const loaded = new Map([...new Set(plan.encoders.values())].map((prepared) => [prepared, new LazyEncoder(prepared)]))
  const encoderOf = (trial: PlannedTrial) => (trial.kind === 'dense' ? loaded.get(trial.encoder) : undefined)
  try {
    for (const trial of plan.trials) {
      throwIfAborted(options.signal)
      let result: TrialResult
      const started = performance.now()
      try {
        const made = await obtainRun(plan, trial, workspace, encoderOf(trial), options, encoderOf)
        const measured = await obtainMeasures(plan, trial, made, workspace, options)
        result = doneTrial(trial, made.detail, made.cached, measured)
        if (trial.kind === 'fusion' || trial.kind === 'space') {
          const fused = () => loadRun(made.folder, made.detail.encodedIds, options.signal)
          const ablation = await obtainAblation(plan, trial, fused, workspace, encoderOf, options)
          fusions.set(result, { fusion: made.detail.fusion ?? null, ablation })
        }
        if (made.detail.dimension !== null) dimensions.set(trial.spec.id, made.detail.dimension)
        runs.set(result, { folder: made.folder, encodedIds: made.detail.encodedIds })
      } catch (error) {
        const failure = asFailure(error)
        if (FATAL.has(failure.code)) throw error
        failures.push(failure)
        result = failedTrial(trial, failure)
      }
      await runTraining(plan, trial, workspace, encoderOf, options)
      trials.push(result)
      options.onTrial?.(result, {
        done: trials.length,
        of: plan.trials.length,
        seconds: (performance.now() - started) / 1000,
      })
      // A model is not needed once its last trial is over; 7B of them would not fit side by side.
      const next = plan.trials[trials.length]
      if (next === undefined || encoderOf(next) !== encoderOf(trial)) await encoderOf(trial)?.close()
    }
  } finally {
    for (const encoder of loaded.values()) await encoder.close()
  }
  const spaces = await obtainSpaces(plan, trials, runs, workspace, options)
  const { lints, fingerprints: lintFingerprints } = await obtainLints(plan, trials, runs, workspace, options)
  const assembled = assemble(plan, trials, dimensions, spaces, lints, fusions)
  const results = await addDomains(assembled, plan, trials, runs, workspace, options)
  const { evidence, fingerprints } = await obtainEvidence(plan, trials, runs, workspace, options)
  return { results, evidence, evidenceFingerprints: fingerprints, lintFingerprints, runs, failures }
}

/** The runs of a retriever over other splits, while its model is loaded. One that fails fails the fusions that learn from it, which say so. */
async function runTraining(
  plan: Plan,
  trial: PlannedTrial,
  workspace: Workspace,
  encoderOf: EncoderOf,
  options: ExecuteOptions,
): Promise<void> {
  for (const { trial: other, beside } of plan.training.trials) {
    if (other.spec.id !== trial.spec.id || beside !== trial.on) continue
    try {
      await obtainRun(plan, other, workspace, encoderOf(other), options, encoderOf)
    } catch (error) {
      const failure = asFailure(error)
      if (FATAL.has(failure.code)) throw error
      options.onNotice?.({
        level: 'warning',
        code: 'fusion.training-failed',
        message: `${other.spec.id} gave no run on the split ${other.on.collection.split} of ${other.on.collection.name}: ${failure.message}`,
      })
    }
  }
}

function asFailure(error: unknown): FieldtrialError {
  if (error instanceof FieldtrialError) return error
  return new FieldtrialError('INTERNAL', error instanceof Error ? error.message : String(error), {
    hint: 'This is a bug; please report it with the stack trace (FIELDTRIAL_DEBUG=1).',
    cause: error,
  })
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
      version: 2,
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
        const read = (trial: TrialResult) => {
          const { folder, encodedIds } = stored.get(trial)!
          return loadRun(folder, encodedIds, work.signal)
        }
        return gatherEvidence(on, here, read, measure, work)
      },
      { work },
    )
    collections.push(detail)
    fingerprints.push(fingerprint(identity))
  }
  return { evidence: { collections }, fingerprints }
}
