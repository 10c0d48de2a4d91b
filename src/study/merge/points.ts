import { FieldtrialError } from '../../core/errors.ts'
import { type MergeSpec, needsBase } from '../../fusion/weights/index.ts'

/** One setting of what is searched. */
export interface MergePoint {
  /** Sum to 1; absent for `slerp`. */
  readonly weights?: readonly number[]
  readonly t?: number
  /** For methods of differences. */
  readonly lambda?: number
  /** For `ties` and `dare_…`. */
  readonly density?: number
}

const LAMBDA = [0.2, 1.5] as const
const DENSITY = [0.2, 1] as const
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]

/** How many numbers are searched, each from 0 to 1. */
function dimensionOf(spec: MergeSpec): number {
  if (spec.method === 'slerp') return 1
  return spec.models!.length - 1 + (needsBase(spec.method) ? 1 : 0) + (hasDensity(spec) ? 1 : 0)
}

function hasDensity({ method }: MergeSpec): boolean {
  return method === 'ties' || method.startsWith('dare_')
}

/**
 * Settings to try, one after the other: each model alone, all in equal parts, then half of what is left of the budget spread evenly over the
 * whole space (Halton's sequence), and the rest around the best so far, ever closer. The same for the same values.
 *
 * @throws FieldtrialError `USAGE` for merges with nothing to search.
 */
export class MergeSearch {
  readonly #spec: MergeSpec
  readonly #budget: number
  readonly #dimension: number
  readonly #starts: readonly MergePoint[]
  #tried = 0
  #best: { readonly at: readonly number[]; readonly value: number } | null = null

  constructor(spec: MergeSpec, budget: number) {
    if (spec.models === undefined || spec.method === 'passthrough' || spec.models.length < 2)
      throw new FieldtrialError('USAGE', 'There is nothing to search in this merge.', {
        hint: 'A search is for `models:` (two or more) merged by a method with weights or `t`.',
      })
    this.#spec = spec
    this.#budget = budget
    this.#dimension = dimensionOf(spec)
    this.#starts = startsOf(spec)
  }

  /** Null once the budget is spent. */
  next(): MergePoint | null {
    if (this.#tried >= this.#budget) return null
    const nth = this.#tried - this.#starts.length
    if (nth < 0) return this.#starts[this.#tried]!
    const left = this.#budget - this.#starts.length
    const even = Math.ceil(left / 2)
    if (nth < even || this.#best === null) return this.#pointAt(halton(nth + 1, this.#dimension))
    // Around the best one: half as far away with every third of the rest.
    const reach = 0.25 * 0.5 ** Math.floor((3 * (nth - even)) / Math.max(1, left - even))
    const offset = halton(nth + 1, this.#dimension)
    return this.#pointAt(this.#best.at.map((x, i) => Math.min(1, Math.max(0, x + reach * (2 * offset[i]! - 1)))))
  }

  /** @param value The larger the better. */
  tell(point: MergePoint, value: number): void {
    this.#tried++
    if (this.#best === null || value > this.#best.value) this.#best = { at: this.#placeOf(point), value }
  }

  #pointAt(at: readonly number[]): MergePoint {
    if (this.#spec.method === 'slerp') return { t: round(at[0]!) }
    const count = this.#spec.models!.length
    const rest = at.slice(count - 1)
    return {
      weights: simplex(at.slice(0, count - 1)).map(round),
      ...(needsBase(this.#spec.method) ? { lambda: round(between(LAMBDA, rest[0]!)) } : {}),
      ...(hasDensity(this.#spec) ? { density: round(between(DENSITY, rest[1]!)) } : {}),
    }
  }

  #placeOf({ weights, t, lambda, density }: MergePoint): number[] {
    if (t !== undefined) return [t]
    return [
      ...unsimplex(weights!),
      ...(lambda === undefined ? [] : [share(LAMBDA, lambda)]),
      ...(density === undefined ? [] : [share(DENSITY, density)]),
    ]
  }
}

function startsOf(spec: MergeSpec): MergePoint[] {
  if (spec.method === 'slerp') return [{ t: 0 }, { t: 1 }, { t: 0.5 }]
  const count = spec.models!.length
  const differences = {
    ...(needsBase(spec.method) ? { lambda: 1 } : {}),
    ...(hasDensity(spec) ? { density: 1 } : {}),
  }
  const alone = (one: number) => Array.from({ length: count }, (_, i) => (i === one ? 1 : 0))
  return [
    ...Array.from({ length: count }, (_, i) => ({ weights: alone(i), ...differences })),
    { weights: Array.from({ length: count }, () => 1 / count), ...differences },
  ]
}

/** The merge with the searched settings in place of its own. */
export function withPoint(spec: MergeSpec, { weights, t, lambda, density }: MergePoint): MergeSpec {
  const { t: _, lambda: __, ...rest } = spec
  return {
    ...rest,
    ...(t === undefined ? {} : { t }),
    ...(lambda === undefined ? {} : { lambda }),
    models: spec.models!.map(({ weight: _, density: __, ...source }, i) => ({
      ...source,
      ...(weights === undefined ? {} : { weight: weights[i]! }),
      ...(density === undefined ? {} : { density }),
    })),
  }
}

/** Parts that sum to 1 out of numbers from 0 to 1, evenly spread if these are: the lengths between them once sorted. */
function simplex(cuts: readonly number[]): number[] {
  const sorted = [0, ...[...cuts].sort((a, b) => a - b), 1]
  return sorted.slice(1).map((cut, i) => cut - sorted[i]!)
}

function unsimplex(weights: readonly number[]): number[] {
  let sum = 0
  return weights.slice(0, -1).map((weight) => {
    sum += weight
    return sum
  })
}

/** The nth point of Halton's sequence, from 1 on. */
function halton(nth: number, dimension: number): number[] {
  return Array.from({ length: dimension }, (_, i) => {
    const base = PRIMES[i % PRIMES.length]!
    let [value, step] = [0, 1]
    for (let n = nth; n > 0; n = Math.floor(n / base)) {
      step /= base
      value += step * (n % base)
    }
    return value
  })
}

const between = ([low, high]: readonly [number, number], share: number) => low + share * (high - low)
const share = ([low, high]: readonly [number, number], value: number) =>
  Math.min(1, Math.max(0, (value - low) / (high - low)))
/** Readable in a file, and the same point again from it. */
const round = (value: number) => Math.round(value * 1000) / 1000
