import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { obtain } from '../artifact.ts'
import type { StoredRun } from '../execute.ts'
import { openStudyCollection } from '../open.ts'
import type { Plan, PlannedCollection } from '../plan.ts'
import type { TrialResult } from '../results.ts'
import { loadRun } from '../steps/run-file.ts'
import { obtainContentLint } from './content-lint.ts'
import { type NamedEncoder, obtainTokenLengths } from './obtain-tokens.ts'
import { otherSplits } from './other-splits.ts'
import { lintReport } from './report.ts'
import { findSuspects, type NamedTop, topOf } from './suspects.ts'
import type { LintReport, Suspects } from './types.ts'

/** Documents and queries whose tokens are counted for each encoder of a study: enough for shares to a per cent or two. */
const TOKEN_SAMPLE = 1000
const SUSPECTS_VERSION = 1
/** Errors that end the whole study. */
const FATAL: ReadonlySet<string> = new Set(['CANCELLED', 'DISK_FULL', 'WORKSPACE_VERSION', 'NOT_WRITABLE'])

/**
 * Lints every collection of a study, with the study's own encoders, measures and runs. What is there already is taken from the workspace.
 * A collection that cannot be linted is told of and left out: the measures are there, and must not be lost with it.
 *
 * @returns By the name of the collection, with the fingerprints of what the study needs.
 */
export async function obtainLints(
  plan: Plan,
  trials: readonly TrialResult[],
  runs: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<{ lints: Map<string, LintReport>; fingerprints: string[] }> {
  const lints = new Map<string, LintReport>()
  const fingerprints: string[] = []
  for (const on of plan.collections) {
    throwIfAborted(work.signal)
    try {
      const { report, made } = await lintOne(plan, on, trials, runs, workspace, work)
      lints.set(on.collection.name, report)
      fingerprints.push(...made)
    } catch (error) {
      if (error instanceof FieldtrialError && FATAL.has(error.code)) throw error
      const why = error instanceof Error ? error.message : String(error)
      work.onNotice?.({
        level: 'warning',
        code: 'lint.failed',
        message: `${on.collection.name} could not be linted: ${why}`,
      })
    }
  }
  return { lints, fingerprints }
}

async function lintOne(
  plan: Plan,
  on: PlannedCollection,
  trials: readonly TrialResult[],
  runs: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<{ report: LintReport; made: string[] }> {
  const { collection, spec } = on
  // Judgments of other splits of a data set on the hub would have to be fetched, which nobody asked for.
  const local = collection.repositories.length === 0
  const open = async (split: string) => (await openStudyCollection({ ...spec, split }, workspace, {})).collection
  const splits = local ? await otherSplits(collection, open) : new Map()
  const content = await obtainContentLint(on, splits, {}, workspace, work)
  const { tokens, fingerprints } = await obtainTokenLengths(
    on,
    encodersOf(plan, trials, collection.name),
    on.task.instruction,
    TOKEN_SAMPLE,
    workspace,
    work,
  )
  const here = trials.filter((trial) => {
    const kind = plan.study.retrievers.find(({ id }) => id === trial.retriever)?.kind
    // A fusion agrees with its members by construction.
    return trial.collection === collection.name && trial.status === 'done' && kind !== 'fusion'
  })
  const found = here.length < 2 ? null : await obtainSuspects(on, here, runs, workspace, work)
  return {
    report: await lintReport(collection, content, plan.study.measures, tokens, found?.suspects ?? null),
    made: [content.fingerprint, ...fingerprints, ...(found ? [found.fingerprint] : [])],
  }
}

/** One retriever for each encoder that encoded the collection: those that share one have the same prompts and tokens. */
function encodersOf({ encoders }: Plan, trials: readonly TrialResult[], collection: string): NamedEncoder[] {
  const named = new Map<unknown, NamedEncoder>()
  for (const { retriever: id, collection: on, status } of trials) {
    const prepared = encoders.get(id)
    if (on !== collection || status !== 'done' || prepared === undefined || named.has(prepared)) continue
    named.set(prepared, { id, prepared })
  }
  return [...named.values()]
}

async function obtainSuspects(
  { collection, summary }: PlannedCollection,
  trials: readonly TrialResult[],
  runs: ReadonlyMap<TrialResult, StoredRun>,
  workspace: Workspace,
  work: LongWork,
): Promise<{ suspects: Suspects; fingerprint: string }> {
  const identity: Json = {
    artifact: 'lint',
    part: 'suspects',
    version: SUSPECTS_VERSION,
    qrels: summary.qrelsHash,
    runs: trials.map(({ retriever, fingerprint: run }) => ({ retriever, run })),
  }
  const { detail } = await obtain<Suspects>(
    workspace,
    'lint',
    identity,
    async () => {
      const tops: NamedTop[] = []
      for (const trial of trials) {
        const { folder, encodedIds } = runs.get(trial)!
        tops.push(topOf(trial.retriever, await loadRun(folder, encodedIds, work.signal)))
      }
      return findSuspects(await collection.qrels(), tops)
    },
    { work },
  )
  return { suspects: detail, fingerprint: fingerprint(identity) }
}
