import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Document } from '../../data/index.ts'
import { Sample } from '../../data/lint/index.ts'
import { drawKey } from './asked.ts'
import type { HardPool } from './hard-pool.ts'

/** What a document is in a sample. */
export interface Selected {
  /**
   * Judged documents, then hard ones by their best rank, then random ones by their hash. The first n of them are the sample of n
   * documents, so that samples of several sizes are nested.
   */
  readonly order: readonly string[]
  readonly judged: number
  /** Hard ones in the corpus. */
  readonly hard: number
}

/**
 * One pass over the documents that puts them in the order in which samples take them. Memory: the ids of the judged and hard documents
 * and of `size` others; the same seed gives the same order, and a document that is added to the collection moves at most one.
 *
 * @param size Documents that the largest sample holds.
 */
export async function selectDocuments(
  documents: AsyncIterable<Document>,
  judged: ReadonlySet<string>,
  pool: HardPool,
  size: number,
  seed: number,
  work: LongWork & { readonly subject: string; readonly total: number },
): Promise<Selected> {
  const judgedHere: string[] = []
  const hard: { readonly id: string; readonly rank: number }[] = []
  const random = new Sample<string>(size)
  let done = 0
  for await (const { id } of documents) {
    if (++done % 10_000 === 0) {
      throwIfAborted(work.signal)
      work.onProgress?.({ step: 'draw documents', subject: work.subject, done, total: work.total, unit: 'documents' })
    }
    if (judged.has(id)) judgedHere.push(id)
    else {
      const rank = pool.ranks.get(id)
      if (rank === undefined) random.add(drawKey(seed, id), () => id)
      else hard.push({ id, rank })
    }
  }
  return {
    // One more than is needed tells at which rank the hard ones were cut.
    order: [...judgedHere, ...byRank(hard, seed), ...random.items()].slice(0, size + 1),
    judged: judgedHere.length,
    hard: hard.length,
  }
}

/** Best rank first; documents of one rank in the order of their hashes. */
function byRank(hard: readonly { readonly id: string; readonly rank: number }[], seed: number): string[] {
  const levels = new Map<number, string[]>()
  for (const { id, rank } of hard) {
    const level = levels.get(rank)
    if (level === undefined) levels.set(rank, [id])
    else level.push(id)
  }
  return [...levels.keys()]
    .sort((a, b) => a - b)
    .flatMap((rank) => {
      const level = levels.get(rank)!
      const draw = new Sample<string>(level.length)
      for (const id of level) draw.add(drawKey(seed, id), () => id)
      return draw.items()
    })
}

/**
 * The rank down to which every hard document is in a sample of `size`; null where all of them are.
 *
 * @param size Not larger than that of `selectDocuments`.
 * @param pool As given to `selectDocuments`.
 */
export function fullRank({ order, judged, hard }: Selected, size: number, pool: HardPool): number | null {
  return judged + hard <= size ? null : pool.ranks.get(order[size]!)! - 1
}
