import type { Workspace } from '../../core/workspace.ts'
import { sourcesOf } from '../../fusion/weights/index.ts'
import type { DenseSpec } from '../study.ts'
import { type MergeContext, obtainMerge } from './obtain.ts'

/**
 * A retriever whose model is a merge, with the merged folder in place of it; others as they are.
 *
 * @returns Also what a reader of its numbers must know.
 */
export async function withMergedModel(
  spec: DenseSpec,
  workspace: Workspace,
  context: MergeContext,
): Promise<{ readonly spec: DenseSpec; readonly warnings: readonly string[] }> {
  const { merge, ...model } = spec.model
  if (merge === undefined) return { spec, warnings: [] }
  const { folder, output, warnings } = await obtainMerge(merge, workspace, context)
  const place = output === 'model' ? { model: folder } : { model: sourcesOf(merge)[0]!.model, adapter: folder }
  return { spec: { ...spec, model: { ...model, ...place } }, warnings }
}

/** Fingerprints of all merges that retrievers of a study are made from, so that `clean` spares them. */
export async function mergeFingerprints(
  specs: readonly DenseSpec[],
  workspace: Workspace,
  context: MergeContext,
): Promise<string[]> {
  const found = new Set<string>()
  for (const { model } of specs)
    if (model.merge !== undefined) found.add((await obtainMerge(model.merge, workspace, context)).fingerprint)
  return [...found]
}
