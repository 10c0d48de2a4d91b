import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { checkVectors, Documents, type OpenDocuments } from './documents.ts'
import { fitStep, type StepFacts } from './fit-step.ts'
import { FittedPostprocess } from './fitted.ts'
import { applyStep, type FittedStep, fittedDimension } from './fitted-step.ts'
import { meanOf } from './moments.ts'
import { bytesPerDocument, needsQueryMean, type PostprocessStep, thenNormalized, validateSteps } from './steps.ts'

export interface FitOptions {
  /** Opens the document vectors anew, for each pass. */
  readonly documents: OpenDocuments
  /** Numbers per vector. */
  readonly dimension: number
  /**
   * Vectors of the query side whose mean is subtracted from queries, n × dimension: training queries, or sentences of documents under the query
   * prompt; never the queries under test. Null: queries are centred by the documents' mean, and a notice says so.
   */
  readonly queries: Float32Array | null
  /** Of each document, as places in `MODALITIES`, for steps that tell them apart. Default: all are texts. */
  readonly modalities?: Uint8Array | null
  /** Whether vectors are scaled to length 1 in the end, as by recipes that normalise. Default: false. */
  readonly normalize?: boolean
  readonly work?: LongWork
}

/**
 * Fits post-processing on the collection's documents, step after step, each on what the steps before it leave: one pass over the documents for
 * `center` and `int8`, two for `abtt`, `whiten` and `pca`. Memory does not grow with the collection: blocks of vectors and a few dimension ×
 * dimension matrices in float64. Sums are float64 and do not depend on how the vectors are cut into blocks.
 *
 * @throws FieldtrialError `STUDY_INVALID` for steps that cannot be; `DATA_INVALID` where documents are too few or too alike for a step;
 *   `ENGINE_FAILED` on NaN or infinity; `CANCELLED`.
 */
export async function fitPostprocess(
  asked: readonly PostprocessStep[],
  { documents, dimension, queries, modalities = null, normalize = false, work = {} }: FitOptions,
): Promise<FittedPostprocess> {
  const steps = normalize ? thenNormalized(asked) : asked
  validateSteps(steps, dimension)
  const source = new Documents(documents, dimension, work, modalities)
  let sample = queries
  if (sample !== null) {
    checkVectors(sample, dimension, 0, 'Vector of the query sample')
    if (sample.length === 0)
      throw new FieldtrialError('DATA_INVALID', 'The sample of query vectors is empty.', {
        hint: 'Give training queries, or sentences of documents under the query prompt.',
      })
  } else if (needsQueryMean(steps))
    work.onNotice?.({
      level: 'warning',
      code: 'postprocess.shared-mean',
      message: 'There are no query vectors to fit on: queries are centred by the mean of the documents.',
    })
  const fitted: FittedStep[] = []
  const facts: StepFacts[] = []
  let size = dimension
  for (const step of steps) {
    const found = await fitStep(step, {
      dimension: size,
      documents: (what) => source.pass(fitted, `${step.kind}, ${what}`),
      modalities,
      queryMean: sample === null ? null : await meanOf(one(sample), size),
      signal: work.signal,
    })
    facts.push(found.facts)
    for (const operation of found.fitted) {
      if (sample !== null) sample = await applyStep(operation, 'query', sample)
      fitted.push(operation)
      size = fittedDimension(operation)
    }
  }
  return new FittedPostprocess(dimension, steps, fitted, {
    documents: source.rows,
    queries: queries === null ? null : queries.length / dimension,
    bytesPerDocument: bytesPerDocument(steps, dimension),
    steps: facts,
  })
}

async function* one(block: Float32Array): AsyncGenerator<Float32Array> {
  yield block
}
