import { fingerprint, type Json } from '../core/fingerprint.ts'
import type { PreparedEncoder } from '../engines/types.ts'
import { needsQueryMean } from '../index/postprocess/index.ts'
import type { Estimate } from './estimate.ts'
import { estimateEncoding, estimatePostprocess, estimateSample, type Rates } from './estimate.ts'
import { postprocessIdentity, processedIdentity, sampleIdentity, usesTask, vectorsIdentity } from './identity.ts'
import { imagePart, imageTokens } from './images/readable.ts'
import type { PlannedCollection } from './plan.ts'
import { type QuerySample, sampleTexts } from './query-sample.ts'
import type { DenseSpec, VectorDtype } from './study.ts'

/** Identities of all that a dense retriever's run is made from. */
export interface DenseArtifacts {
  /** Vectors as the encoder gives them. */
  readonly documents: Json
  readonly queries: Json
  /** The collection's task instruction; null where no prompt holds one. */
  readonly task: string | null
  /** Null: vectors are searched as they come. */
  readonly postprocess: {
    readonly fitted: Json
    /** Texts whose vectors give the queries' mean; null where no step centres. */
    readonly sample: { readonly identity: Json; readonly texts: QuerySample } | null
    readonly documents: Json
    readonly queries: Json
  } | null
}

/** A step before the run. */
export interface DenseStep {
  readonly what: string
  readonly kind: 'vectors' | 'postprocess'
  readonly identity: Json
  readonly estimate: Estimate
}

export function planDense(
  spec: DenseSpec,
  encoder: PreparedEncoder,
  on: PlannedCollection,
  dtype: VectorDtype,
  rates: Rates,
): { artifacts: DenseArtifacts; made: Json; steps: DenseStep[] } {
  const { info } = encoder
  const { summary, task } = on
  const documents = vectorsIdentity(summary, info, 'document', dtype, task.instruction, imagePart(on, info, 'document'))
  const queries = vectorsIdentity(summary, info, 'query', 'float32', task.instruction, imagePart(on, info, 'query'))
  const steps: DenseStep[] = [
    {
      what: 'encode documents',
      kind: 'vectors',
      identity: documents,
      estimate: estimateEncoding(summary, info, 'document', rates, imageTokens(on, info, 'document')),
    },
    {
      what: 'encode queries',
      kind: 'vectors',
      identity: queries,
      estimate: estimateEncoding(summary, info, 'query', rates, imageTokens(on, info, 'query')),
    },
  ]
  const asked = usesTask(info.recipe, 'query') || usesTask(info.recipe, 'document')
  let postprocess: DenseArtifacts['postprocess'] = null
  if (spec.postprocess.length > 0) {
    let sample: { identity: Json; texts: QuerySample } | null = null
    if (needsQueryMean(spec.postprocess)) {
      const texts = sampleTexts(spec.queryMean, on)
      sample = { identity: sampleIdentity(info, task.instruction, texts.identity), texts }
      steps.push({
        what: 'encode texts for the queries’ mean',
        kind: 'vectors',
        identity: sample.identity,
        estimate: estimateSample(summary, info, rates),
      })
    }
    const fitted = postprocessIdentity(documents, sample?.identity ?? null, spec.postprocess)
    postprocess = {
      fitted,
      sample,
      documents: processedIdentity(documents, fitted),
      queries: processedIdentity(queries, fitted),
    }
    steps.push({
      what: 'fit post-processing',
      kind: 'postprocess',
      identity: fitted,
      estimate: estimatePostprocess(summary, info.dimension),
    })
    // They are searched, and looked at for the diagnostics: `clean` must spare them.
    const made = { seconds: 0.1, memoryBytes: 0, diskBytes: 0 }
    for (const [side, identity] of [
      ['documents', postprocess.documents],
      ['queries', postprocess.queries],
    ] as const)
      steps.push({ what: `post-process ${side}`, kind: 'vectors', identity, estimate: made })
  }
  const dense: Json = {
    documents: postprocess?.documents ?? documents,
    queries: postprocess?.queries ?? queries,
    similarity: info.recipe.similarity,
  }
  const sparse: Json = { sparse: { documents: fingerprint(documents), queries: fingerprint(queries) } }
  const made: Json =
    spec.output === 'dense'
      ? dense
      : spec.output === 'sparse'
        ? sparse
        : { hybrid: { dense: fingerprint(dense), sparse, alpha: spec.alpha } }
  return { artifacts: { documents, queries, task: asked ? task.instruction : null, postprocess }, made, steps }
}
