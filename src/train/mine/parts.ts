import { createReadStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { writeAtomic } from '../../core/atomic.ts'
import { systemCode } from '../../core/errors.ts'
import { addDrops, type Drops } from './candidates.ts'
import type { HiddenOutcome } from './estimate.ts'

/** What is remembered of one part of the queries. */
export interface PartStats {
  queries: number
  written: number
  withoutPositive: number
  withoutNegatives: number
  positiveUnfound: number
  fewer: number
  positives: number
  negatives: number
  judgedNegatives: number
  byRetriever: Record<string, number>
  drops: Drops
  outcomes: HiddenOutcome[]
  hiddenShares: number[]
}

export function noStats(): PartStats {
  return {
    queries: 0,
    written: 0,
    withoutPositive: 0,
    withoutNegatives: 0,
    positiveUnfound: 0,
    fewer: 0,
    positives: 0,
    negatives: 0,
    judgedNegatives: 0,
    byRetriever: {},
    drops: {},
    outcomes: [],
    hiddenShares: [],
  }
}

export function addStats(sum: PartStats, more: PartStats): void {
  for (const key of Object.keys(sum) as (keyof PartStats)[]) {
    const value = more[key]
    if (typeof value === 'number') (sum[key] as number) += value
  }
  for (const [id, count] of Object.entries(more.byRetriever)) sum.byRetriever[id] = (sum.byRetriever[id] ?? 0) + count
  addDrops(sum.drops, more.drops)
  for (const outcome of more.outcomes) sum.outcomes.push(outcome)
  for (const share of more.hiddenShares) sum.hiddenShares.push(share)
}

/** Finished parts of a mined file, in a folder of their own: what is there after a kill is not done again. */
export class Parts {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Null where the part is not there, or not whole. */
  async stats(number: number): Promise<PartStats | null> {
    try {
      return JSON.parse(await readFile(this.#path(number, 'json'), 'utf8')) as PartStats
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return null
      throw error
    }
  }

  /** The statistics are written last: a part that has them is whole. */
  async write(number: number, lines: string, stats: PartStats): Promise<void> {
    await writeAtomic(this.#path(number, 'jsonl'), lines)
    await writeAtomic(this.#path(number, 'json'), `${JSON.stringify(stats)}\n`)
  }

  /** All parts as one file, compressed if its name ends in `.gz`. */
  async join(count: number, output: string): Promise<void> {
    const path = (number: number) => this.#path(number, 'jsonl')
    async function* bytes(): AsyncGenerator<Buffer> {
      for (let number = 0; number < count; number++) yield* createReadStream(path(number)) as AsyncIterable<Buffer>
    }
    await writeAtomic(output, async (file) => {
      const stream = output.endsWith('.gz') ? compressed(bytes()) : bytes()
      for await (const chunk of stream) await file.writeFile(chunk)
    })
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  #path(number: number, ending: string): string {
    return join(this.#folder, `${String(number).padStart(6, '0')}.${ending}`)
  }
}

async function* compressed(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { Readable } = await import('node:stream')
  yield* Readable.from(bytes).pipe(createGzip()) as AsyncIterable<Buffer>
}
