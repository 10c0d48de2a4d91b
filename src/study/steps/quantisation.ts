import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { compareEncoders } from '../../engines/conformance/index.ts'
import { documentText } from '../identity.ts'
import type { PlannedCollection } from '../plan.ts'
import { prepareEncoder } from '../prepare.ts'
import type { DenseSpec } from '../study.ts'
import type { LazyEncoder } from './dense.ts'

/** Enough for a mean to two digits, few enough to take seconds. */
const SAMPLE = 48

/**
 * What int8 weights cost on this collection's own documents: a sentence with the cosines to the vectors of float32 weights.
 * The loss in measures is seen by a study that holds the model in both precisions.
 */
export async function quantisationLoss(
  workspace: Workspace,
  spec: DenseSpec,
  int8: LazyEncoder,
  on: PlannedCollection,
  work: LongWork,
): Promise<string> {
  const options = work.signal ? { signal: work.signal } : {}
  const texts: string[] = []
  for await (const document of on.collection.documents()) {
    texts.push(documentText(document))
    if (texts.length === SAMPLE) break
  }
  const prepared = await prepareEncoder({ ...spec, model: { ...spec.model, dtype: 'float32' } }, workspace, {
    // The plan has fetched the files; asking the hub again could give another revision.
    offline: true,
    work,
  })
  const float32 = await prepared.open(options)
  try {
    const { mean, min } = await compareEncoders(float32, await int8.open(work.signal), texts, options)
    return `int8 weights: cosine to the vectors of float32 weights ${mean.toFixed(4)} on average, ${min.toFixed(4)} at least, on the first ${texts.length} documents.`
  } finally {
    await float32.close()
  }
}
