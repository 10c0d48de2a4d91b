import { FieldtrialError } from '../../core/errors.ts'

/**
 * What is done to vectors after the model, fitted on the collection's documents only. Plain data: it enters study files and fingerprints.
 *
 * - `center`: subtracts the mean, each side its own: a prompt shifts all queries, or all documents, by about the same vector. `by: modality`: texts,
 *   images, and images with text each their own mean, which closes the gap between them (Liang et al. 2022, arXiv:2203.02053).
 * - `abtt`: all but the top (Mu & Viswanath 2018, arXiv:1702.01417): centres, then removes the documents' first principal components.
 * - `whiten`: centres, then scales by λ^(-power/2) along each of the documents' principal directions, λ its variance; 1 makes all variances equal,
 *   0.5 goes half the way. The axes stay (ZCA: Kessy et al. 2018). `shrinkage` draws the covariance towards a multiple of the unit matrix, so that
 *   directions of which few documents tell next to nothing are not blown up: a share from 0 to 1, or by default `ledoit-wolf`, as much as the
 *   data want (Ledoit & Wolf 2004).
 * - `pca`: centres, then keeps the coordinates along the documents' first principal components.
 * - `truncate`: keeps the first numbers (Matryoshka: Kusupati et al. 2022, arXiv:2205.13147).
 * - `normalize`: scales to length 1; a vector of zeros stays one.
 * - `int8`: documents are rounded to 256 steps per dimension, from the smallest to the largest number that documents have there.
 * - `binary`: documents keep the sign of each number, a zero counting as negative: +1 or -1.
 *
 * int8 and binary leave queries as they are (asymmetric scoring): it is the documents that fill a disk, a query is one vector whose rounding would
 * cost accuracy and save nothing. The result is the numbers that the codes stand for, so that search works as ever.
 */
export type PostprocessStep =
  | { readonly kind: 'center'; readonly by?: 'modality' }
  | { readonly kind: 'abtt'; readonly components: number }
  | { readonly kind: 'whiten'; readonly power: number; readonly shrinkage?: number | 'ledoit-wolf' }
  | { readonly kind: 'pca'; readonly dimensions: number }
  | { readonly kind: 'truncate'; readonly dimensions: number }
  | { readonly kind: 'normalize' }
  | { readonly kind: 'int8' }
  | { readonly kind: 'binary' }

/** Whether texts, images and images with text are told apart: then every row's modality must be known. */
export function needsModalities(steps: readonly PostprocessStep[]): boolean {
  return steps.some((step) => step.kind === 'center' && step.by === 'modality')
}

/** Whether fitting wants a sample of query-side vectors: some step subtracts each side's mean. */
export function needsQueryMean(steps: readonly PostprocessStep[]): boolean {
  return steps.some(({ kind }) => kind === 'center' || kind === 'abtt' || kind === 'whiten' || kind === 'pca')
}

/** Numbers per vector after the steps. */
export function dimensionAfter(steps: readonly PostprocessStep[], dimension: number): number {
  return steps.reduce((before, step) => ('dimensions' in step ? step.dimensions : before), dimension)
}

/** Bytes that an index would keep of one document's vector: 4 per number, 1 after `int8`, one eighth after `binary`. */
export function bytesPerDocument(steps: readonly PostprocessStep[], dimension: number): number {
  const numbers = dimensionAfter(steps, dimension)
  if (steps.some(({ kind }) => kind === 'binary')) return Math.ceil(numbers / 8)
  return steps.some(({ kind }) => kind === 'int8') ? numbers : 4 * numbers
}

/** The steps with a last scaling to length 1, for recipes that normalise: a step may have changed lengths. */
export function thenNormalized(steps: readonly PostprocessStep[]): readonly PostprocessStep[] {
  return steps.length === 0 || steps.at(-1)!.kind === 'normalize' ? steps : [...steps, { kind: 'normalize' }]
}

/** One line for people, e.g. `each side centred by its own mean, then whitened with power 0.5`. */
export function describeSteps(steps: readonly PostprocessStep[]): string {
  return steps.length === 0 ? 'none' : steps.map(describeStep).join(', then ')
}

function describeStep(step: PostprocessStep): string {
  switch (step.kind) {
    case 'center':
      return step.by === undefined
        ? 'each side centred by its own mean'
        : 'each side and modality centred by its own mean'
    case 'abtt':
      return `centred and freed of the top ${step.components === 1 ? 'principal component' : `${step.components} principal components`}`
    case 'whiten': {
      const { power, shrinkage = 'ledoit-wolf' } = step
      const shrunk = shrinkage === 'ledoit-wolf' ? '' : ` (shrinkage ${shrinkage})`
      return `${power === 1 ? 'fully whitened' : `whitened with power ${power}`}${shrunk}`
    }
    case 'pca':
      return `reduced to ${step.dimensions} principal components`
    case 'truncate':
      return `cut to the first ${step.dimensions} dimensions`
    case 'normalize':
      return 'scaled to length 1'
    case 'int8':
      return 'documents rounded to int8 per dimension'
    case 'binary':
      return 'documents reduced to signs'
  }
}

/** The steps as part of a name, of letters, digits and `. _ + @ -` only, e.g. `center+whiten_0.5`; `none` without steps. */
export function slugOfSteps(steps: readonly PostprocessStep[]): string {
  return steps.length === 0 ? 'none' : steps.map(slugOfStep).join('+')
}

export function slugOfStep(step: PostprocessStep): string {
  if (step.kind === 'abtt') return `abtt_${step.components}`
  if (step.kind === 'pca' || step.kind === 'truncate') return `${step.kind}_${step.dimensions}`
  if (step.kind === 'center' && step.by !== undefined) return `center_${step.by}`
  if (step.kind !== 'whiten') return step.kind
  const { power, shrinkage = 'ledoit-wolf' } = step
  return `whiten_${power}${shrinkage === 'ledoit-wolf' ? '' : `@${shrinkage}`}`
}

/** What is wrong with one step, by its place in the list, from 0. */
export interface StepProblem {
  readonly step: number
  readonly problem: string
}

const natural = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0
const share = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1

/**
 * Everything that can be known to be wrong before documents are read.
 *
 * @param dimension Numbers per vector before the steps; null if unknown.
 */
export function stepProblems(steps: readonly PostprocessStep[], dimension: number | null): StepProblem[] {
  const problems: StepProblem[] = []
  let size = dimension
  let code: string | null = null
  steps.forEach((step, index) => {
    const wrong = (problem: string) => problems.push({ step: index, problem })
    if (code !== null && step.kind !== 'normalize') wrong(`nothing but \`normalize\` can follow \`${code}\``)
    switch (step.kind) {
      case 'abtt':
        if (!natural(step.components)) wrong('`components` must be a whole number from 1 on')
        else if (size !== null && step.components >= size)
          wrong(`${step.components} components cannot be removed from ${size} dimensions`)
        break
      case 'whiten':
        if (!share(step.power) || step.power === 0) wrong('`power` must be above 0 and at most 1')
        if (step.shrinkage !== undefined && step.shrinkage !== 'ledoit-wolf' && !share(step.shrinkage))
          wrong('`shrinkage` must be from 0 to 1, or `ledoit-wolf`')
        break
      case 'pca':
      case 'truncate':
        if (!natural(step.dimensions)) wrong('`dimensions` must be a whole number from 1 on')
        else {
          if (size !== null && step.dimensions > size) wrong(`${step.dimensions} dimensions cannot be kept of ${size}`)
          size = step.dimensions
        }
        break
      case 'int8':
      case 'binary':
        code = step.kind
        break
      case 'center':
      case 'normalize':
        break
      default:
        wrong(`\`${(step as { kind: unknown }).kind}\` is not known`)
    }
  })
  return problems
}

/**
 * @throws FieldtrialError `STUDY_INVALID` that names every problem.
 */
export function validateSteps(steps: readonly PostprocessStep[], dimension: number | null = null): void {
  const errors = stepProblems(steps, dimension).map(
    ({ step, problem }) => new FieldtrialError('STUDY_INVALID', `Step ${step + 1} of the post-processing: ${problem}.`),
  )
  const first = errors[0]
  if (first === undefined) return
  throw new FieldtrialError('STUDY_INVALID', errors.map(({ message }) => message).join(' '), {
    hint: 'Steps are center, abtt, whiten, pca, truncate, normalize, int8 and binary; see the page on post-processing.',
    problems: errors,
  })
}
