import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import { imageNotes } from '../images/readable.ts'
import type { PlannedTrial } from '../plan.ts'
import type { VectorDtype } from '../study.ts'
import type { RunDetail } from '../trial.ts'
import { fuseInSteps } from './fuse.ts'
import type { LazyEncoder } from './lazy-encoder.ts'
import { processedVectors, rawVectors } from './postprocess.ts'
import { isQuantised, quantisationLoss } from './quantisation.ts'
import { searchDense, searchSparseHalves } from './search.ts'
import type { VectorsDetail } from './vectors.ts'

type DenseTrial = PlannedTrial & { kind: 'dense' }

/** PromptReps fuses the first 1,000 documents of each half. */
const HYBRID_DEPTH = 1000

/** The run of a retriever with a model: vectors encoded or taken from the workspace, post-processed, searched, and its two halves fused. */
export async function makeDenseRun(
  plan: { readonly study: { readonly vectorDtype: VectorDtype } },
  trial: Pick<DenseTrial, 'spec' | 'on' | 'artifacts'>,
  workspace: Workspace,
  encoder: LazyEncoder,
  depth: number,
  work: LongWork,
): Promise<{ run: Run; detail: Omit<RunDetail, 'encodedIds'> }> {
  const { spec, on, artifacts } = trial
  const encoding = { workspace, encoder, on, work }
  const raw = await rawVectors(encoding, artifacts, plan.study.vectorDtype)
  const processed = spec.postprocess.length > 0 ? await processedVectors(encoding, spec, artifacts, raw) : null
  const { documents, queries } = processed ?? raw
  const { similarity } = encoder.info.recipe
  const dense = (k: number) => searchDense(queries.store, documents.store, similarity, k, work)
  const sparse = (k: number) => searchSparseHalves(raw.queries.store, raw.documents.store, k, work)
  let found: { run: Run; seconds: number }
  if (spec.output === 'dense') found = await dense(depth)
  else if (spec.output === 'sparse') found = await sparse(depth)
  else {
    const halves = [await dense(HYBRID_DEPTH), await sparse(HYBRID_DEPTH)]
    const started = performance.now()
    const run = await fuseInSteps(
      halves.map((half) => half.run),
      { method: 'promptreps-hybrid', alpha: spec.alpha, depth },
      work,
    )
    const fusing = (performance.now() - started) / 1000
    found = { run, seconds: halves.reduce((sum, half) => sum + half.seconds, fusing) }
  }
  const count = Math.max(1, on.summary.queries)
  const querySeconds = raw.queries.detail.seconds + found.seconds
  return {
    run: found.run,
    detail: {
      dimension: documents.detail.dimension,
      warnings: [
        ...(processed?.notes ?? []),
        ...imageNotes(on, encoder.info),
        ...(isQuantised(spec.model) ? [await quantisationLoss(workspace, spec, encoder, on, work)] : []),
      ],
      cost: {
        indexSeconds: documents.detail.seconds,
        encodeDocumentsSeconds: raw.documents.detail.seconds,
        encodeQueriesSeconds: raw.queries.detail.seconds,
        searchSeconds: found.seconds,
        msPerQuery: (querySeconds * 1000) / count,
        indexBytes: documents.detail.bytes,
        documentTokens: raw.documents.detail.tokens,
        queryTokens: raw.queries.detail.tokens,
        truncatedDocuments: truncatedShare(raw.documents.detail),
        truncatedQueries: truncatedShare(raw.queries.detail),
        peakBytes: raw.documents.detail.peakBytes,
      },
    },
  }
}

function truncatedShare({ truncated, rows }: VectorsDetail): number | null {
  return truncated === null || rows === 0 ? null : truncated / rows
}
