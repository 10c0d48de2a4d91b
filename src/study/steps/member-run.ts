import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { readRecord } from '../artifact.ts'
import type { RunDetail } from '../trial.ts'
import { loadRun } from './run-file.ts'

/** A run that a fusion is made of, with what is remembered of it. */
export interface MemberRun {
  readonly run: Run
  readonly detail: RunDetail
  /** Fingerprint of the run. */
  readonly key: string
}

/**
 * Takes a member's run from the workspace.
 *
 * @param what For the message, e.g. `bm25 gave no run on scifact`.
 * @throws FieldtrialError `ENGINE_FAILED` if it is not there: the member failed.
 */
export async function memberRun(
  workspace: Workspace,
  identity: Json,
  what: { readonly member: string; readonly on: string; readonly fusion: string },
  signal: AbortSignal | undefined,
): Promise<MemberRun> {
  const record = await readRecord<RunDetail>(workspace, 'runs', identity)
  if (!record)
    throw new FieldtrialError(
      'ENGINE_FAILED',
      `${what.member} gave no run on ${what.on}, so ${what.fusion} cannot be made.`,
      { hint: `Mend ${what.member} first.` },
    )
  const key = fingerprint(identity)
  const run = await loadRun(workspace.artifact('runs', key), record.detail.encodedIds, signal)
  return { run, detail: record.detail, key }
}
