import { throwIfAborted } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { Bm25Index } from '../../index/bm25/index.ts'
import { obtain } from '../artifact.ts'
import type { PlannedCollection } from '../plan.ts'
import type { Bm25Spec } from '../study.ts'

export interface Bm25Detail {
  readonly seconds: number
  readonly bytes: number
}

/** Builds the index, or loads it, and searches all queries. */
export async function searchBm25(
  workspace: Workspace,
  spec: Bm25Spec,
  identity: Json,
  on: PlannedCollection,
  depth: number,
  work: LongWork,
): Promise<{ run: Run; index: Bm25Detail; searchSeconds: number }> {
  let built: Bm25Index | undefined
  const { folder, detail } = await obtain<Bm25Detail>(
    workspace,
    'bm25',
    identity,
    async (target) => {
      const started = performance.now()
      built = await Bm25Index.build(on.collection.documents(), spec.options, { ...work, total: on.summary.documents })
      const { bytes } = await built.save(target)
      return { seconds: (performance.now() - started) / 1000, bytes }
    },
    { work },
  )
  throwIfAborted(work.signal)
  const index = built ?? (await Bm25Index.load(folder))
  const queries = await on.collection.queries()
  const started = performance.now()
  const run = await index.searchAll(queries, depth, work)
  return { run, index: detail, searchSeconds: (performance.now() - started) / 1000 }
}
