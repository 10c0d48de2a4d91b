import { expect } from 'vitest'
import type { Encoded, Encoder, EncoderInput } from '../../src/engines/types.ts'
import { SIDES, TASK } from './recipe-jobs.ts'
import { type Answers, atEdge, type Made } from './recipe-vectors.ts'

/** How near the vectors came. */
export interface Found {
  cosine: number
  /** Weights that lie at an edge of rounding and differ by one. */
  edges: number
  weights: number
}

function cosine(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a.length).toBe(b.length)
  let [ab, aa, bb] = [0, 0, 0]
  for (const [i, y] of b.entries()) {
    const x = a[i]!
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return ab / Math.sqrt(aa * bb)
}

function compare(got: Encoded, at: number, want: Made, what: string): Found {
  const { vectors, dimension, tokens, truncated, sparse } = got
  expect(tokens[at], `${what}: tokens`).toBe(want.tokens)
  expect(truncated[at], `${what}: cut`).toBe(Number(want.truncated))
  const found = {
    cosine: cosine(vectors.subarray(at * dimension, (at + 1) * dimension), want.vector),
    edges: 0,
    weights: 0,
  }
  expect(found.cosine, `${what}: cosine`).toBeGreaterThanOrEqual(0.9999)
  expect(sparse === undefined, `${what}: sparse half`).toBe(want.sparse === null)
  if (sparse === undefined) return found
  const [from, to] = [sparse.offsets[at]!, sparse.offsets[at + 1]!]
  const weights = new Map(Array.from(sparse.terms.subarray(from, to), (id, i) => [id, sparse.weights[from + i]!]))
  expect([...weights.keys()], `${what}: terms`).toEqual(want.sparse!.map(([id]) => id))
  for (const [id, weight, exact] of want.sparse!) {
    found.weights++
    if (weights.get(id) === weight) continue
    found.edges++
    expect(atEdge(exact), `${what}: weight of ${id}, ${exact}`).toBe(true)
    expect(Math.abs(weights.get(id)! - weight), `${what}: weight of ${id}`).toBe(1)
  }
  return found
}

export type Order = 'given' | 'reversed'

/** Encodes all texts (or images) at once, in each of the orders, and compares each with its reference. */
export async function check(
  encoder: Encoder,
  texts: readonly EncoderInput[],
  rows: Answers[string],
  orders: readonly Order[],
): Promise<Found> {
  const all: Found[] = []
  for (const side of SIDES) {
    const pairs = texts.map((text, i) => [text, rows[side][i]!] as const)
    for (const [text, row] of pairs)
      if ('refused' in row) await expect(encoder.encode([text], side, { task: TASK })).rejects.toThrow()
    const kept = pairs.flatMap(([text, row]) => ('refused' in row ? [] : [[text, row] as const]))
    for (const order of orders) {
      const ordered = order === 'given' ? kept : kept.toReversed()
      const got = await encoder.encode(
        ordered.map(([text]) => text),
        side,
        { task: TASK },
      )
      for (const [at, [text, row]] of ordered.entries()) all.push(compare(got, at, row, `${side} ${nameOf(text)}`))
    }
  }
  return {
    cosine: Math.min(...all.map((found) => found.cosine)),
    edges: all.reduce((sum, { edges }) => sum + edges, 0),
    weights: all.reduce((sum, { weights }) => sum + weights, 0),
  }
}

function nameOf(input: EncoderInput): string {
  if (typeof input === 'string') return JSON.stringify(input.slice(0, 20))
  return `${input.image?.path ?? 'no image'} ${JSON.stringify(input.text.slice(0, 20))}`
}
