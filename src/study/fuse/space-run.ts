import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, scratchName } from '../../core/atomic.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { fitSpace, fuseStores, type MemberSpace, type SpaceOptions } from '../../fusion/index.ts'
import { fusedSimilarity } from '../plan-space.ts'
import { encodeIds, finishRun } from '../steps/run-file.ts'
import { searchDense } from '../steps/search.ts'
import type { MadeVectors } from './made.ts'
import type { FuseStudy } from './source.ts'

/** A retriever with vectors. */
export interface SpaceMember {
  readonly name: string
  readonly vectors: MadeVectors
}

/** What every fused space of a search is made with. */
export interface SpaceSetting {
  readonly workspace: Workspace
  readonly study: FuseStudy
  /** The ids in the study's run files are percent-encoded. */
  readonly encodedIds: boolean
}

export interface SpaceRun {
  /** Of all queries: a fused space is fitted on documents, so that it knows none of them. */
  readonly run: Run
  /** As a study counts it: all members' encoding of the queries, bringing them into the space, and one search; one index. */
  readonly cost: { readonly msPerQuery: number; readonly indexBytes: number }
}

/**
 * A fused space tried out: fitted on the members' documents, filled, searched by the members' queries, and removed again.
 *
 * @throws FieldtrialError as `fitSpace`, `fuseStores` and the search.
 */
export async function trySpace(
  members: readonly SpaceMember[],
  options: SpaceOptions,
  { workspace, study, encodedIds }: SpaceSetting,
  work: LongWork,
): Promise<SpaceRun> {
  const spaces = (side: 'documents' | 'queries') =>
    members.map(({ name, vectors }): MemberSpace => ({ name, store: vectors[side], similarity: vectors.similarity }))
  const folder = scratchName(join(workspace.cache, 'fuse-search'))
  try {
    await makeFolder(folder)
    const fitted = await fitSpace(spaces('documents'), options, work)
    const dtype = members.every(({ vectors }) => vectors.documents.meta.dtype === 'float16') ? 'float16' : 'float32'
    const target = (name: string) => ({ folder: join(folder, name), identity: { tried: name } })
    const documents = await fuseStores(spaces('documents'), fitted, 'document', { ...target('documents'), dtype }, work)
    const started = performance.now()
    const queries = await fuseStores(
      spaces('queries'),
      fitted,
      'query',
      { ...target('queries'), dtype: 'float32' },
      work,
    )
    const fusing = (performance.now() - started) / 1000
    // One more than asked for makes up for the query's own document, should it be dropped.
    const depth = study.depth + (study.removeSelf ? 1 : 0)
    const found = await searchDense(queries.store, documents.store, fusedSimilarity(options), depth, work)
    const run = finishRun(found.run, study)
    const seconds = members.reduce((sum, { vectors }) => sum + vectors.querySeconds, fusing + found.seconds)
    return {
      run: encodedIds ? encodeIds(run) : run,
      cost: {
        msPerQuery: (seconds * 1000) / Math.max(1, study.queries),
        indexBytes: documents.store.totals().bytes,
      },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
