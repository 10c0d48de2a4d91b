import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/index.ts'
import { readRates } from '../estimate.ts'
import type { PlannedCollection } from '../plan.ts'
import { planDense } from '../plan-dense.ts'
import { prepareEncoder } from '../prepare.ts'
import { makeDenseRun } from '../steps/dense-run.ts'
import { LazyEncoder } from '../steps/lazy-encoder.ts'
import type { DenseSpec } from '../study.ts'

/**
 * A dense retriever over the whole collection. Its vectors are the workspace's, so that a study over the whole finds them, and a second
 * sample costs no encoding.
 *
 * @param depth Documents for each query.
 */
export async function searchWhole(
  spec: DenseSpec,
  on: PlannedCollection,
  depth: number,
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<Run> {
  const { offline, ...work } = options
  const prepared = await prepareEncoder(spec, workspace, { ...(offline ? { offline } : {}), work })
  const dtype = 'float32'
  const { artifacts } = planDense(spec, prepared, on, dtype, await readRates(workspace))
  const encoder = new LazyEncoder(prepared)
  try {
    const plan = { study: { vectorDtype: dtype } } as const
    const { run } = await makeDenseRun(plan, { spec, on, artifacts }, workspace, encoder, depth, work)
    return run
  } finally {
    await encoder.close()
  }
}
