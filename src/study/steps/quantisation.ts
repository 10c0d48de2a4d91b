import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { compareEncoders } from '../../engines/conformance/index.ts'
import { obtain } from '../artifact.ts'
import { documentText } from '../identity.ts'
import type { PlannedCollection } from '../plan.ts'
import { prepareEncoder } from '../prepare.ts'
import type { DenseSpec, ModelSpec } from '../study.ts'
import type { LazyEncoder } from './lazy-encoder.ts'

/** Characters of documents that are compared: enough for a mean to two digits, few enough to take seconds with a large model too. */
const SAMPLE_CHARACTERS = 12_000
const SAMPLE_DOCUMENTS = 48
const VERSION = 1

/**
 * Whether weights are rounded to so few bits that a reader must be told what it costs. Engine llama would have to write a second file to
 * compare with: what its arithmetic costs is told by a study with both.
 */
export function isQuantised({ dtype, engine }: ModelSpec): boolean {
  return engine !== 'llama' && (dtype === 'int8' || dtype === 'int4')
}

/**
 * What 8- or 4-bit weights cost on this collection's own documents: a sentence with the cosines to the vectors of float32 weights, or
 * why that is not known. The loss in measures is seen by a study that holds the model in both precisions.
 */
export async function quantisationLoss(
  workspace: Workspace,
  spec: DenseSpec,
  quantised: LazyEncoder,
  on: PlannedCollection,
  work: LongWork,
): Promise<string> {
  const identity = {
    artifact: 'quantisation',
    version: VERSION,
    encoder: quantised.info.identity,
    corpus: on.summary.corpusHash,
  }
  try {
    const { detail } = await obtain<{ sentence: string }>(
      workspace,
      'space',
      identity,
      async () => ({ sentence: await measureLoss(workspace, spec, quantised, on, work) }),
      { work },
    )
    return detail.sentence
  } catch (error) {
    // The run is there; what cannot be compared now (float32 needs more memory) is not remembered either.
    if (!(error instanceof FieldtrialError) || ['CANCELLED', 'DISK_FULL'].includes(error.code)) throw error
    return `${spec.model.dtype} weights: what they cost against float32 is not known here. ${error.message}`
  }
}

async function measureLoss(
  workspace: Workspace,
  spec: DenseSpec,
  quantised: LazyEncoder,
  on: PlannedCollection,
  work: LongWork,
): Promise<string> {
  const options = work.signal ? { signal: work.signal } : {}
  const { dtype } = spec.model
  const texts: string[] = []
  let characters = 0
  for await (const document of on.collection.documents()) {
    texts.push(documentText(document))
    characters += texts.at(-1)!.length
    if (texts.length === SAMPLE_DOCUMENTS || characters >= SAMPLE_CHARACTERS) break
  }
  const prepared = await prepareEncoder({ ...spec, model: { ...spec.model, dtype: 'float32' } }, workspace, {
    // The plan has fetched the files; asking the hub again could give another revision.
    offline: true,
    work,
  })
  const float32 = await prepared.open(options)
  try {
    const { mean, min } = await compareEncoders(float32, await quantised.open(work), texts, options)
    return `${dtype} weights: cosine to the vectors of float32 weights ${mean.toFixed(4)} on average, ${min.toFixed(4)} at least, on the first ${texts.length} documents.`
  } finally {
    await float32.close()
  }
}
