import { readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ImageRef } from '../../src/data/types.ts'
import type { EncoderItem } from '../../src/engines/types.ts'
import { ABBREVIATIONS, LOWER_CASE_STARTERS, STOP_WORDS } from '../../src/recipes/words/english.ts'
import { runPython } from './python.ts'
import type { Answers, Job } from './recipe-vectors.ts'

function imageFile(file: string): ImageRef {
  return { path: basename(file), bytes: () => readFile(file) }
}

/** An item as both sides of a comparison name it. */
export interface Shown {
  readonly text: string
  /** Path of a picture; null for none. */
  readonly image: string | null
}

export function itemOfShown({ text, image }: Shown): EncoderItem {
  return image === null ? { text } : { text, image: imageFile(image) }
}

export interface VisionRequest {
  readonly model: string
  readonly jobs: readonly Job[]
  readonly items: readonly Shown[]
  readonly task: string
}

/** What plain transformers gives (test/reference/vision_vectors.py), request by request. */
export function referenceVision(requests: readonly VisionRequest[], scratch: string): Answers[] {
  const words = { abbreviations: [...ABBREVIATIONS], starters: [...LOWER_CASE_STARTERS], stop: [...STOP_WORDS] }
  const out = (i: number) => join(scratch, `vision-${i}.json`)
  const file = join(scratch, 'vision-request.json')
  writeFileSync(file, JSON.stringify(requests.map((request, i) => ({ ...request, words, out: out(i) }))))
  runPython('vision_vectors.py', [file])
  return requests.map((_, i) => JSON.parse(readFileSync(out(i), 'utf8')) as Answers)
}
