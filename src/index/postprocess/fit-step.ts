import { FieldtrialError } from '../../core/errors.ts'
import type { Side } from '../../recipes/types.ts'
import { largestEigen, symmetricEigen } from './algebra/eigen.ts'
import { product } from './algebra/product.ts'
import { type FittedStep, MODALITIES } from './fitted-step.ts'
import { covarianceOf, ledoitWolf, meanOf, trace } from './moments.ts'
import { type PostprocessStep, slugOfStep } from './steps.ts'

/** What fitting one step found, for reports. */
export interface StepFacts {
  /** As in `slugOfSteps`, e.g. `whiten_0.5`. */
  readonly step: string
  /** Share of the documents' variance along the principal components that were removed (`abtt`) or kept (`pca`). */
  readonly variance?: number
  /** How far the covariance was drawn towards a multiple of the unit matrix (`whiten`), from 0 to 1. */
  readonly shrinkage?: number
}

/** What a step is fitted on: vectors as the steps before it leave them. */
export interface StepInput {
  readonly dimension: number
  /** One pass over the documents. */
  readonly documents: (what: string) => AsyncIterable<Float32Array>
  /** Of each document; null: all are texts. */
  readonly modalities: Uint8Array | null
  /** Mean of the query side's sample; null without one. */
  readonly queryMean: Float64Array | null
  readonly signal: AbortSignal | undefined
}

interface Result {
  readonly fitted: readonly FittedStep[]
  readonly facts: StepFacts
}

/** Variances below this share of the largest are rounding noise of float32 numbers: the documents do not vary in that direction. */
const NO_VARIANCE = 1e-12

/**
 * Fits one step.
 *
 * @throws FieldtrialError `DATA_INVALID` where the documents are too few, or too alike, for it.
 */
export async function fitStep(step: PostprocessStep, input: StepInput): Promise<Result> {
  const { dimension } = input
  const facts: StepFacts = { step: slugOfStep(step) }
  switch (step.kind) {
    case 'center':
      return {
        fitted: [
          step.by === undefined
            ? shift(await meanOf(input.documents('mean'), dimension), input)
            : await shiftByModality(input),
        ],
        facts,
      }
    case 'abtt':
    case 'pca':
      return principal(step, input, facts)
    case 'whiten':
      return whiten(step, input, facts)
    case 'truncate':
      return { fitted: [{ kind: 'truncate', dimension, to: step.dimensions }], facts }
    case 'int8':
      return { fitted: [await ranges(input)], facts }
    case 'normalize':
    case 'binary':
      return { fitted: [{ kind: step.kind, dimension }], facts }
  }
}

function shift(mean: Float64Array, { dimension, queryMean }: StepInput): FittedStep {
  const of: Record<Side, Float64Array> = { query: queryMean ?? mean, document: mean }
  return { kind: 'shift', dimension, query: Float32Array.from(of.query), document: Float32Array.from(of.document) }
}

/** With fewer documents of one modality than this, their mean says more of them than of the modality: that of all is taken. */
const FEWEST_OF_MODALITY = 10

/**
 * Means of each modality. Text queries are centred by the queries' sample, as by `shift`; for images and images with text there is no such sample,
 * so queries are centred by the documents' mean.
 */
async function shiftByModality({ dimension, documents, modalities, queryMean }: StepInput): Promise<FittedStep> {
  const sums = new Float64Array(MODALITIES.length * dimension)
  const counts = new Float64Array(MODALITIES.length)
  let row = 0
  for await (const block of documents('means'))
    for (let start = 0; start < block.length; start += dimension, row++) {
      const modality = modalities?.[row] ?? 0
      counts[modality]!++
      for (let i = 0; i < dimension; i++) sums[modality * dimension + i]! += block[start + i]!
    }
  const all = new Float64Array(dimension)
  for (let at = 0; at < sums.length; at++) all[at % dimension]! += sums[at]! / row
  const document = Float32Array.from(sums, (sum, at) => {
    const count = counts[Math.floor(at / dimension)]!
    return count < FEWEST_OF_MODALITY ? all[at % dimension]! : sum / count
  })
  const query = document.slice()
  if (queryMean !== null) query.set(queryMean)
  return { kind: 'shift-by-modality', dimension, query, document }
}

/** Mean, then covariance: two passes. */
async function moments(input: StepInput, step: string) {
  const mean = await meanOf(input.documents('mean'), input.dimension)
  const covariance = await covarianceOf(input.documents('covariance'), mean)
  if (covariance.documents < 2 || !(trace(covariance) > 0))
    throw tooFew(`${step} needs at least two different documents; there ${count(covariance.documents)}.`)
  return { mean, covariance }
}

async function principal(
  step: Extract<PostprocessStep, { kind: 'abtt' | 'pca' }>,
  input: StepInput,
  facts: StepFacts,
): Promise<Result> {
  const { dimension, signal } = input
  const removes = step.kind === 'abtt'
  const wanted = removes ? step.components : step.dimensions
  const { mean, covariance } = await moments(input, facts.step)
  // n vectors around their mean span n − 1 directions; if all were removed, nothing would be left.
  const most = Math.min(dimension, covariance.documents - 1) - (removes ? 1 : 0)
  if (wanted > most)
    throw tooFew(
      `${facts.step} needs ${wanted + (removes ? 2 : 1)} documents or more; there ${count(covariance.documents)}.`,
    )
  const { values, vectors } = await largestEigen(covariance, wanted, signal)
  if (values[wanted - 1]! <= NO_VARIANCE * values[0]!)
    throw tooFew(
      `${facts.step} wants ${wanted} directions, but the documents vary in ${varying(values)} only (${covariance.documents} documents).`,
    )
  const variance = values.reduce((sum, value) => sum + value, 0) / trace(covariance)
  return {
    fitted: [
      shift(mean, input),
      { kind: removes ? 'remove' : 'project', dimension, vectors: Float32Array.from(vectors) },
    ],
    facts: { ...facts, variance },
  }
}

async function whiten(
  step: Extract<PostprocessStep, { kind: 'whiten' }>,
  input: StepInput,
  facts: StepFacts,
): Promise<Result> {
  const d = input.dimension
  const { mean, covariance } = await moments(input, facts.step)
  const { shrinkage: asked = 'ledoit-wolf' } = step
  const shrinkage = asked === 'ledoit-wolf' ? ledoitWolf(covariance) : asked
  const { vectors, values } = await symmetricEigen(covariance, input.signal)
  const shrunk = values.map((value) => (1 - shrinkage) * value + (shrinkage * trace(covariance)) / d)
  if (shrunk[d - 1]! <= NO_VARIANCE * shrunk[0]!)
    throw tooFew(
      `${facts.step} cannot scale ${d} directions: the documents vary in ${varying(shrunk)} only (${covariance.documents} documents).`,
      'Leave `shrinkage` at `ledoit-wolf`, or put `pca` with fewer dimensions before.',
    )
  // V·λ^(-p/2)·Vᵀ as a product of V·λ^(-p/4) with itself.
  const half = vectors.map((x, i) => x * shrunk[Math.floor(i / d)]! ** (-step.power / 4))
  const { data } = await product({ data: half, rows: d, columns: d }, { data: half, rows: d, columns: d }, 'first')
  return {
    fitted: [shift(mean, input), { kind: 'transform', dimension: d, matrix: Float32Array.from(data) }],
    facts: { ...facts, shrinkage },
  }
}

/** Smallest and largest number of each dimension, in 255 steps. */
async function ranges({ dimension, documents }: StepInput): Promise<FittedStep> {
  const low = new Float32Array(dimension).fill(Infinity)
  const high = new Float32Array(dimension).fill(-Infinity)
  for await (const block of documents('ranges'))
    for (let start = 0; start < block.length; start += dimension)
      for (let i = 0; i < dimension; i++) {
        const x = block[start + i]!
        if (x < low[i]!) low[i] = x
        if (x > high[i]!) high[i] = x
      }
  return { kind: 'int8', dimension, low, step: high.map((most, i) => (most - low[i]!) / 255) }
}

const varying = (values: Float64Array) => values.filter((value) => value > NO_VARIANCE * values[0]!).length
const count = (documents: number) => (documents === 1 ? 'is 1' : `are ${documents}`)

function tooFew(message: string, hint = 'Use fewer components or dimensions, or a larger collection.') {
  return new FieldtrialError('DATA_INVALID', `The post-processing step ${message}`, { hint })
}
