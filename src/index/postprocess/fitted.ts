import type { Side } from '../../recipes/types.ts'
import { checkVectors } from './documents.ts'
import type { StepFacts } from './fit-step.ts'
import { type FittedContent, readFitted, writeFitted } from './fitted-file.ts'
import { applyStep, type FittedStep, fittedDimension } from './fitted-step.ts'
import { needsQueryMean, type PostprocessStep } from './steps.ts'

/** What fitting found. Plain data. */
export interface FitReport {
  /** Documents fitted on; null where no step needed any. */
  readonly documents: number | null
  /** Query vectors fitted on; null: queries are centred by the documents' mean. */
  readonly queries: number | null
  /** Bytes that an index would keep of one document's vector: 4 per number, 1 after `int8`, one eighth after `binary`. */
  readonly bytesPerDocument: number
  readonly steps: readonly StepFacts[]
}

/** Post-processing that can be applied: the steps as asked, and what fitting made of them. */
export class FittedPostprocess {
  /** Numbers per vector before. */
  readonly inputDimension: number
  /** Numbers per vector after. */
  readonly dimension: number
  readonly steps: readonly PostprocessStep[]
  readonly report: FitReport
  readonly #fitted: readonly FittedStep[]

  constructor(
    inputDimension: number,
    steps: readonly PostprocessStep[],
    fitted: readonly FittedStep[],
    report: FitReport,
  ) {
    const last = fitted.at(-1)
    this.inputDimension = inputDimension
    this.dimension = last === undefined ? inputDimension : fittedDimension(last)
    this.steps = steps
    this.report = report
    this.#fitted = fitted
  }

  /**
   * @param block n × `inputDimension`; left as it is.
   * @param modalities Of each row, for steps that tell them apart. Null: all are texts.
   * @returns n × `dimension`. A vector of which nothing is left is all zeros.
   * @throws FieldtrialError `ENGINE_FAILED` on NaN, infinity, or numbers that are not whole vectors.
   */
  async apply(side: Side, block: Float32Array, modalities: Uint8Array | null = null): Promise<Float32Array> {
    checkVectors(block, this.inputDimension)
    let vectors = block.slice()
    for (const step of this.#fitted)
      vectors = (await applyStep(step, side, vectors, modalities)) as Float32Array<ArrayBuffer>
    checkVectors(vectors, this.dimension, 0, 'After post-processing, vector')
    return vectors
  }

  /** What a reader of the numbers must know of the fit, a sentence each. */
  get notes(): string[] {
    const { documents, queries, steps } = this.report
    const found = steps.flatMap(({ step, shrinkage, variance }) => {
      if (shrinkage !== undefined)
        return [`${step}: covariance of ${documents} documents, shrinkage ${round(shrinkage)}.`]
      if (variance === undefined) return []
      const what = step.startsWith('abtt') ? 'removed' : 'kept'
      return [
        `${step}: the components ${what} hold ${round(100 * variance)} % of the variance of ${documents} documents.`,
      ]
    })
    const shared = queries === null && needsQueryMean(this.steps)
    return shared ? [...found, "Queries are centred by the documents' mean."] : found
  }

  /** For `savePostprocess`. */
  get content(): FittedContent {
    const { inputDimension, steps, report } = this
    return { inputDimension, steps, report, fitted: this.#fitted }
  }
}

const round = (value: number) => Number(value.toPrecision(3))

/**
 * Writes fitted post-processing whole as one safetensors file.
 *
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`.
 */
export function savePostprocess(fitted: FittedPostprocess, path: string): Promise<void> {
  return writeFitted(path, fitted.content)
}

/**
 * Reads what `savePostprocess` wrote; it applies bit for bit as before.
 *
 * @throws FieldtrialError `DATA_MISSING` if it is not there, `WORKSPACE_CORRUPT`, `WORKSPACE_VERSION`.
 */
export async function loadPostprocess(path: string): Promise<FittedPostprocess> {
  const { inputDimension, steps, report, fitted } = await readFitted(path)
  return new FittedPostprocess(inputDimension, steps, fitted, report)
}
