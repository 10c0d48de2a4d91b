import { join } from 'node:path'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { type FittedSpace, fitSpace, fuseStores, loadSpace, type MemberSpace, saveSpace } from '../../fusion/index.ts'
import type { Side } from '../../recipes/types.ts'
import { obtain } from '../artifact.ts'
import type { CostPart } from '../fusion-detail.ts'
import type { PlannedTrial } from '../plan.ts'
import type { VectorTrial } from '../plan-fusion.ts'
import { fusedSimilarity, similarityOf } from '../plan-space.ts'
import type { VectorDtype } from '../study.ts'
import type { RunDetail } from '../trial.ts'
import type { LazyEncoder } from './lazy-encoder.ts'
import { processedVectors, rawVectors } from './postprocess.ts'
import { searchDense } from './search.ts'
import { type StoredVectors, soundVectors } from './vectors.ts'

export type SpaceTrial = PlannedTrial & { readonly kind: 'space' }
export type EncoderOf = (trial: PlannedTrial) => LazyEncoder | undefined

type Planned = { readonly study: { readonly vectorDtype: VectorDtype } }
/** What of a trial its vectors need: for the ablation, one that stands in no plan. */
export type SpaceWork = Pick<SpaceTrial, 'kind' | 'spec' | 'on' | 'members' | 'artifacts'>

interface Vectors {
  readonly documents: StoredVectors
  readonly queries: StoredVectors
  readonly notes: readonly string[]
}

const FILE = 'space.safetensors'

/** The run of a fused space: members' vectors brought into it (or taken from the workspace), and searched like those of one model. */
export async function makeSpaceRun(
  plan: Planned,
  trial: SpaceWork,
  workspace: Workspace,
  encoderOf: EncoderOf,
  depth: number,
  work: LongWork,
): Promise<{ run: Run; detail: Pick<RunDetail, 'warnings' | 'dimension'>; ownCost: CostPart }> {
  const { documents, queries, notes } = await fusedVectors(plan, trial, workspace, encoderOf, work)
  const found = await searchDense(queries.store, documents.store, fusedSimilarity(trial.spec.space), depth, work)
  const count = Math.max(1, trial.on.summary.queries)
  return {
    run: found.run,
    detail: { warnings: notes, dimension: documents.detail.dimension },
    ownCost: {
      indexSeconds: documents.detail.seconds,
      searchSeconds: found.seconds,
      msPerQuery: ((queries.detail.seconds + found.seconds) * 1000) / count,
      indexBytes: documents.detail.bytes,
    },
  }
}

async function fusedVectors(
  plan: Planned,
  trial: SpaceWork,
  workspace: Workspace,
  encoderOf: EncoderOf,
  work: LongWork,
): Promise<Vectors> {
  const { spec, artifacts } = trial
  const members: Vectors[] = []
  for (const member of trial.members) {
    members.push(await vectorsOfTrial(plan, member, workspace, encoderOf, work))
    // One model at a time.
    await encoderOf(member)?.close()
  }
  const spaces = (side: 'documents' | 'queries') =>
    members.map((vectors, i): MemberSpace => {
      const member = trial.members[i]!
      return { name: member.spec.id, store: vectors[side].store, similarity: similarityOf(member) }
    })
  let fitted: FittedSpace | undefined
  let seconds = 0
  const { folder, detail } = await obtain<{ notes: readonly string[] }>(
    workspace,
    'postprocess',
    artifacts.fitted,
    async (target) => {
      const started = performance.now()
      fitted = await fitSpace(spaces('documents'), spec.space, work)
      seconds = (performance.now() - started) / 1000
      await saveSpace(fitted, join(target, FILE))
      return { notes: fitted.notes }
    },
    { files: [FILE], work },
  )
  fitted ??= await loadSpace(join(folder, FILE))
  const space = fitted
  const side = (which: 'documents' | 'queries', side: Side, dtype: VectorDtype) =>
    soundVectors(workspace, artifacts[which], work, async (target) => {
      const started = performance.now()
      const { store } = await fuseStores(
        spaces(which),
        space,
        side,
        { folder: target, identity: artifacts[which], dtype },
        work,
      )
      const { rows, bytes } = store.totals()
      const own = (performance.now() - started) / 1000 + (side === 'document' ? seconds : 0)
      return {
        rows,
        bytes,
        dimension: store.meta.dimension,
        seconds: members.reduce((sum, vectors) => sum + vectors[which].detail.seconds, own),
        tokens: null,
        truncated: null,
        peakBytes: null,
      }
    })
  return {
    documents: await side('documents', 'document', plan.study.vectorDtype),
    queries: await side('queries', 'query', 'float32'),
    notes: detail.notes,
  }
}

/** The vectors that a member searches, encoded or fused anew where they are gone. */
async function vectorsOfTrial(
  plan: Planned,
  trial: VectorTrial,
  workspace: Workspace,
  encoderOf: EncoderOf,
  work: LongWork,
): Promise<Vectors> {
  if (trial.kind === 'space') return fusedVectors(plan, trial, workspace, encoderOf, work)
  const { spec, on, artifacts } = trial
  const encoding = { workspace, encoder: encoderOf(trial)!, on, work }
  const raw = await rawVectors(encoding, artifacts, plan.study.vectorDtype)
  if (spec.postprocess.length === 0) return { ...raw, notes: [] }
  return processedVectors(encoding, spec, artifacts, raw)
}
