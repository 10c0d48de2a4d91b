import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { Bm25Index } from '../../index/bm25/index.ts'
import { discard, obtain } from '../artifact.ts'
import type { PlannedCollection } from '../plan.ts'
import type { Bm25Spec } from '../study.ts'
import { requireUnchanged } from './unchanged.ts'

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
  const { index, detail } = await obtainIndex(workspace, spec, identity, on, work)
  throwIfAborted(work.signal)
  const queries = await on.collection.queries()
  const started = performance.now()
  const run = await index.searchAll(queries, depth, work)
  return { run, index: detail, searchSeconds: (performance.now() - started) / 1000 }
}

/** The index of a BM25 retriever, from the workspace or built. */
export async function obtainIndex(
  workspace: Workspace,
  spec: Bm25Spec,
  identity: Json,
  on: PlannedCollection,
  work: LongWork,
): Promise<{ index: Bm25Index; detail: Bm25Detail }> {
  let built: Bm25Index | undefined
  const make = async (target: string): Promise<Bm25Detail> => {
    const started = performance.now()
    built = await Bm25Index.build(on.collection.documents(), spec.options, { ...work, total: on.summary.documents })
    const { bytes } = await built.save(target)
    await requireUnchanged(on, target)
    return { seconds: (performance.now() - started) / 1000, bytes }
  }
  const { folder, detail } = await obtain(workspace, 'bm25', identity, make, { work })
  if (built) return { index: built, detail }
  try {
    return { index: await Bm25Index.load(folder), detail }
  } catch (error) {
    if (!(error instanceof FieldtrialError && error.code === 'WORKSPACE_CORRUPT')) throw error
    await discard(workspace, 'bm25', identity, error.message, work)
    const again = await obtain(workspace, 'bm25', identity, make, { work })
    return { index: built ?? (await Bm25Index.load(again.folder)), detail: again.detail }
  }
}
