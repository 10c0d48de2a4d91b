import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecipeParameters, Side } from '../../src/recipes/index.ts'
import { ABBREVIATIONS, LOWER_CASE_STARTERS, STOP_WORDS } from '../../src/recipes/words/english.ts'
import { runPython } from './python.ts'

/** A recipe to be followed. */
export interface Job {
  readonly key: string
  readonly recipe: string
  readonly parameters: RecipeParameters
  /** Default: both. */
  readonly sides?: readonly Side[]
}

export interface Made {
  readonly vector: readonly number[]
  readonly tokens: number
  readonly truncated: boolean
  /** Token id, weight, and the weight before it was rounded. */
  readonly sparse: readonly (readonly [id: number, weight: number, exact: number])[] | null
}
export type Row = Made | { readonly refused: string }

/** By key and side, a row for each text; none for sides that were not asked for. */
export type Answers = Readonly<Record<string, Readonly<Record<Side, readonly Row[]>>>>

export interface Request {
  readonly model: string
  readonly jobs: readonly Job[]
  readonly texts: readonly string[]
  readonly task: string
}

/** What plain transformers gives (test/reference/recipe_vectors.py), request by request, in one process. */
export function referenceVectors(requests: readonly Request[], scratch: string): Answers[] {
  // What nltk would download.
  const words = { abbreviations: [...ABBREVIATIONS], starters: [...LOWER_CASE_STARTERS], stop: [...STOP_WORDS] }
  const out = (i: number) => join(scratch, `vectors-${i}.json`)
  const file = join(scratch, 'request.json')
  writeFileSync(file, JSON.stringify(requests.map((request, i) => ({ ...request, words, out: out(i) }))))
  runPython('recipe_vectors.py', [file])
  return requests.map((_, i) => JSON.parse(readFileSync(out(i), 'utf8')) as Answers)
}

/** Whether a weight lies so near the middle between two whole numbers that the last bits of float32 decide. */
export function atEdge(exact: number): boolean {
  return Math.abs((exact % 1) - 0.5) < 2e-3
}
