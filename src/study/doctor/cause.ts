import { cosine } from '../../engines/conformance/compare.ts'
import type { Laboratory } from '../../engines/onnx/laboratory.ts'
import type { Side } from '../../recipes/types.ts'
import type { Variant } from './variants.ts'

/** Texts with the vectors that they should have and those that they were given. */
export interface Answers {
  readonly side: Side
  readonly texts: readonly string[]
  /** What kind of text each is, for messages. */
  readonly labels: readonly string[]
  readonly right: readonly Float32Array[]
  readonly given: readonly Float32Array[]
}

/** The way of going wrong that explains given vectors. */
export interface Cause {
  readonly variant: Variant
  /** Lowest cosine between its vectors and those given. */
  readonly cosine: number
  /** Other ways that explain them as well. */
  readonly also: readonly Variant[]
}

/** A variant is named from this lowest cosine on … */
const MATCH = 0.999
/** … or from this one on, if the right vectors are so many times farther away: engines of 16 bits. */
const NEAR = 0.99
const TIMES = 5
/** A variant whose vectors are the right ones cannot be told from no fault. */
const EQUAL = 0.99999

/** Computes all variants, and gives the one whose vectors are those that were given; null where none is. */
export async function findCause(
  laboratory: Laboratory,
  variants: readonly Variant[],
  answers: readonly Answers[],
  task: string,
): Promise<Cause | null> {
  const possible = variants.filter(({ handling }) =>
    answers.every((answer) => fits(laboratory, answer, handling, task)),
  )
  const requests = possible.flatMap(({ handling }) =>
    answers.map(({ texts, side }) => ({ texts, side, task, handling })),
  )
  const vectors = await laboratory.vectors(requests)
  const least = (rows: readonly Float32Array[][], to: 'right' | 'given') =>
    Math.min(...answers.flatMap((answer, a) => answer[to].map((row, i) => lowest(cosine(row, rows[a]![i]!)))))
  const wrong = Math.min(
    ...answers.flatMap(({ right, given }) => right.map((row, i) => lowest(cosine(row, given[i]!)))),
  )
  const scored = possible
    .map((variant, v) => ({ variant, rows: vectors.slice(v * answers.length, (v + 1) * answers.length) }))
    .filter(({ rows }) => least(rows, 'right') < EQUAL)
    .map(({ variant, rows }) => ({ variant, cosine: least(rows, 'given') }))
    .sort((a, b) => b.cosine - a.cosine)
  const [best, ...others] = scored
  if (best === undefined || !explains(best.cosine, wrong)) return null
  const also = others.filter(({ cosine }) => cosine >= EQUAL && best.cosine >= EQUAL).map(({ variant }) => variant)
  return { ...best, also }
}

export function hintOf({ variant, cosine, also }: Cause): string {
  const or =
    also.length === 0 ? '' : ` (or, giving the same vectors here: ${also.map(({ cause }) => cause).join('; ')})`
  return `Likely cause: ${variant.cause}${or}; computed so in process, the vectors are the server’s (cosine ${cosine.toFixed(5)} at least). ${variant.remedy}`
}

function explains(score: number, wrong: number): boolean {
  return score >= MATCH || (score >= NEAR && 1 - wrong > TIMES * (1 - score))
}

/** NaN, the cosine with a vector of zeros, is as far as can be. */
function lowest(cosine: number): number {
  return Number.isNaN(cosine) ? -1 : cosine
}

/** Whether the model can take the sequences: one that is not cut may be too long, an empty one has no vector. */
function fits(laboratory: Laboratory, answer: Answers, handling: Variant['handling'], task: string): boolean {
  return answer.texts.every((text) =>
    laboratory
      .sequences(text, { side: answer.side, task, handling })
      .every(({ ids }) => ids.length > 0 && ids.length <= laboratory.positions),
  )
}
