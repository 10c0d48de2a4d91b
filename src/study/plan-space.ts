import { fingerprint, type Json } from '../core/fingerprint.ts'
import { fusedDimension, type SpaceOptions } from '../fusion/index.ts'
import { dimensionAfter } from '../index/postprocess/index.ts'
import { estimatePostprocess, estimateSearch } from './estimate.ts'
import type { PlannedCollection } from './plan.ts'
import type { PlannedFusion, SpaceArtifacts, VectorTrial } from './plan-fusion.ts'
import type { SpaceFusionSpec, VectorDtype } from './study.ts'

/** Raised when the same vectors would give another space. */
const SPACE_FUSION_VERSION = 2

/**
 * Plans a fused space: what it is fitted on, its vectors, its search.
 *
 * @throws FieldtrialError `STUDY_INVALID` for more dimensions than its members have.
 */
export function planSpace(
  spec: SpaceFusionSpec,
  members: readonly VectorTrial[],
  on: PlannedCollection,
  dtype: VectorDtype,
  depth: number,
): PlannedFusion {
  const sizes = members.map(sizeOf)
  const known = sizes.every((size) => size !== null)
  const dimension = known ? fusedDimension(spec.space, sizes as number[]) : null
  const fitted: Json = {
    artifact: 'space-fusion',
    version: SPACE_FUSION_VERSION,
    space: spec.space as unknown as Json,
    members: members.map((trial) => ({
      documents: fingerprint(vectorsOf(trial).documents),
      similarity: similarityOf(trial),
    })),
  }
  const artifacts: SpaceArtifacts = {
    fitted,
    documents: { artifact: 'vectors', side: 'document', space: fingerprint(fitted), dtype },
    queries: {
      artifact: 'vectors',
      side: 'query',
      space: fingerprint(fitted),
      of: members.map((trial) => fingerprint(vectorsOf(trial).queries)),
    },
  }
  const whole = known ? sizes.reduce((sum: number, size) => sum + size!, 0) : null
  const quick = { seconds: 0.1, memoryBytes: 0, diskBytes: 0 }
  return {
    parts: { kind: 'space', spec, members, artifacts },
    made: {
      documents: artifacts.documents,
      queries: artifacts.queries,
      similarity: fusedSimilarity(spec.space),
    },
    steps: [
      {
        what: 'fit fused space',
        kind: 'postprocess',
        identity: fitted,
        estimate: estimatePostprocess(on.summary, whole),
      },
      {
        what: 'fuse document vectors',
        kind: 'vectors',
        identity: artifacts.documents,
        estimate: { ...quick, diskBytes: on.summary.documents * (dimension ?? 1024) * 4 },
      },
      { what: 'fuse query vectors', kind: 'vectors', identity: artifacts.queries, estimate: quick },
    ],
    search: estimateSearch(on.summary, dimension ?? 1024, depth),
  }
}

/** Lengths mean something where vectors stand one after the other; the others are scaled to length 1. */
export function fusedSimilarity({ method }: SpaceOptions): 'cosine' | 'dot' {
  return method === 'concat' ? 'dot' : 'cosine'
}

export function similarityOf(trial: VectorTrial): 'cosine' | 'dot' {
  return trial.kind === 'dense' ? trial.encoder.info.recipe.similarity : fusedSimilarity(trial.spec.space)
}

/** The vectors that a trial searches. */
function vectorsOf(trial: VectorTrial): { readonly documents: Json; readonly queries: Json } {
  return trial.kind === 'dense' ? (trial.artifacts.postprocess ?? trial.artifacts) : trial.artifacts
}

/** Numbers per vector; null where only a server knows. */
function sizeOf(trial: VectorTrial): number | null {
  if (trial.kind === 'dense') {
    const { dimension } = trial.encoder.info
    return dimension === null ? null : dimensionAfter(trial.spec.postprocess, dimension)
  }
  const sizes = trial.members.map(sizeOf)
  return sizes.every((size) => size !== null) ? fusedDimension(trial.spec.space, sizes as number[]) : null
}
