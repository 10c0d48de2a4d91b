import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import {
  FUSION_METHODS,
  type FusionMethod,
  METHODS,
  type MethodParameters,
  methodOf,
  NORMALISATIONS,
  NORMALISERS,
  type Normalisation,
  type ParameterName,
} from './registry.ts'

/** How runs are made into one. Plain data: it goes into fingerprints as it stands. */
export interface FusionOptions extends Partial<MethodParameters> {
  readonly method: FusionMethod
  /** Default `min-max` for methods on scores (`dbsf` for `dbsf`), `none` for those on ranks. */
  readonly normalisation?: Normalisation
  /** One for each run, for `wsum`, `wmnz`, `mixed`, `wrrf` and `w_bordafuse`; default all equal, summing to 1. */
  readonly weights?: readonly number[]
  /** Documents kept for each query; default all. */
  readonly depth?: number
  /**
   * Which of two documents of equal score a run ranks first: the one of the higher `id` (bytes), as trec_eval does, or
   * the one that stands first in the ranking as `given`. Default `id`.
   */
  readonly ties?: 'id' | 'given'
}

/** Options with their defaults, all but the weights. */
export type ResolvedFusionOptions = FusionOptions & { readonly normalisation: Normalisation }

const DEFAULTS: MethodParameters = { k: 60, gamma: 0.5, phi: 0.8, sigma: 0.01, alpha: 0.5 }

const RANGES: Record<ParameterName, { wants: string; allows(value: number): boolean }> = {
  k: { wants: 'a number from 0 on', allows: (value) => value >= 0 },
  gamma: { wants: 'a number', allows: () => true },
  phi: { wants: 'a number above 0 and below 1', allows: (value) => value > 0 && value < 1 },
  sigma: { wants: 'a number from 0 to 1', allows: (value) => value >= 0 && value <= 1 },
  alpha: { wants: 'a number from 0 to 1', allows: (value) => value >= 0 && value <= 1 },
}

/**
 * Checks options and fills in the defaults, all but the weights, whose number only the runs know.
 *
 * @param runs How many runs are to be fused, where that is known already
 * @throws FieldtrialError `USAGE` for an unknown method or normalisation, for a parameter that the method does not have,
 * for one out of its range, and for weights or a method that do not fit the number of runs
 */
export function fusionOptions(given: FusionOptions, runs?: number): ResolvedFusionOptions {
  known('fusion method', given.method, METHODS, FUSION_METHODS)
  const method = methodOf(given.method)
  const normalisation = given.normalisation ?? method.normalisation ?? (method.on === 'scores' ? 'min-max' : 'none')
  known('normalisation', normalisation, NORMALISERS, NORMALISATIONS)
  for (const name of Object.keys(RANGES) as ParameterName[]) checkParameter(given, name)
  if (given.weights !== undefined) {
    if (!method.weighted)
      throw usage(
        `The fusion method ${given.method} takes no weights.`,
        `Those that do: ${weightedMethods().join(', ')}.`,
      )
    if (given.weights.length === 0 || !given.weights.every(Number.isFinite))
      throw usage('The weights of a fusion must be numbers.', 'Give one number for each run.')
  }
  if (given.depth !== undefined && !(Number.isSafeInteger(given.depth) && given.depth > 0))
    throw usage(`A fusion cannot be cut at ${given.depth} documents.`, 'The depth is a whole number from 1 on.')
  if (given.ties !== undefined && given.ties !== 'id' && given.ties !== 'given')
    throw usage(`Ties cannot be broken by ${given.ties}.`, 'Known: id, given.')
  const { parameter } = method
  const own = parameter ? { [parameter]: given[parameter] ?? DEFAULTS[parameter] } : {}
  const resolved: ResolvedFusionOptions = { ...given, normalisation, ...own }
  if (runs !== undefined) parametersOf(resolved, runs)
  return resolved
}

/**
 * All parameters of resolved options, for the method to pick its own.
 *
 * @throws FieldtrialError `USAGE` if weights or method do not fit the number of runs
 */
export function parametersOf(options: FusionOptions, runs: number): MethodParameters & { weights: readonly number[] } {
  const weights = options.weights ?? new Array<number>(runs).fill(1 / runs)
  if (weights.length !== runs)
    throw usage(`The fusion has ${weights.length} weights for ${runs} runs.`, 'Give one weight for each run.')
  const wanted = methodOf(options.method).runs
  if (wanted !== undefined && wanted !== runs)
    throw usage(
      `The fusion method ${options.method} takes ${wanted} runs, not ${runs}.`,
      'Name a dense and a sparse run.',
    )
  const { k, gamma, phi, sigma, alpha } = { ...DEFAULTS, ...options }
  return { k, gamma, phi, sigma, alpha, weights }
}

function checkParameter(given: FusionOptions, name: ParameterName): void {
  const value = given[name]
  if (value === undefined) return
  const own = methodOf(given.method).parameter
  if (own !== name)
    throw usage(
      `The fusion method ${given.method} has no parameter ${name}.`,
      own === undefined ? 'It has none.' : `It has ${own}.`,
    )
  if (!Number.isFinite(value) || !RANGES[name].allows(value))
    throw usage(`${name} of the fusion cannot be ${value}.`, `${name} is ${RANGES[name].wants}.`)
}

function known(what: string, name: string, all: object, names: readonly string[]): void {
  if (!Object.hasOwn(all, name)) throw usage(`There is no ${what} ${name}.`, didYouMean(name, names))
}

/** Methods that take weights. */
export function weightedMethods(): FusionMethod[] {
  return FUSION_METHODS.filter((name) => methodOf(name).weighted)
}

function usage(message: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', message, { hint })
}
