import { availableParallelism } from 'node:os'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Ranking } from '../../data/types.ts'
import type { SparseRows } from '../../engines/types.ts'
import type { VectorStore } from '../dense/store.ts'
import { mergeFound } from './merge.ts'
import type { Found, SparseTask } from './messages.ts'
import { sparseFault } from './rows.ts'
import { SparseThread } from './search-thread.ts'

export interface SparseSearchOptions extends LongWork {
  /** A complete store with sparse vectors. */
  readonly store: VectorStore
  readonly queries: SparseRows
  /** Documents per query; fewer where fewer have a term of it. */
  readonly k: number
  /** Threads that search. Default: all cores. The result does not depend on it. */
  readonly threads?: number
  /** For progress, e.g. `promptreps × scifact`. */
  readonly subject?: string
}

/** Ranked documents held at once by all threads together; beyond it the queries are searched in several passes over the store. */
const MOST_SLOTS = 16_000_000

/**
 * Threads that search the sparse vectors of stores exactly: each takes shards that no other has taken, one at a time, turns them into lists
 * of documents by term, scores all queries, and keeps the best; in the end what they kept is merged. Memory does not grow with the
 * collection.
 *
 * A document's score is the sum of products of the weights of common terms, as Lucene scores an impact index (with integers in place of
 * float32 sums, so it is exact beyond 2^24 too). Documents without a common term are not ranked. Ordered by score descending, ties by id
 * descending (UTF-8 bytes), at the cut after k as well, as for dense vectors.
 */
export class SparseSearcher {
  readonly #threads: SparseThread[]
  #busy = false

  /** Starts the first thread; others when there is work for them. */
  static async open(): Promise<SparseSearcher> {
    const first = new SparseThread()
    await first.started()
    return new SparseSearcher(first)
  }

  private constructor(first: SparseThread) {
    this.#threads = [first]
  }

  /**
   * Searches all queries; one call at a time.
   *
   * @returns One ranking per query, in order.
   * @throws FieldtrialError `CANCELLED`; `WORKSPACE_CORRUPT` for a damaged shard; `ENGINE_FAILED` for queries that are no sparse vectors;
   *   `DATA_MISSING` if the store is not complete or was made without sparse vectors.
   */
  async search(options: SparseSearchOptions): Promise<Ranking[]> {
    const { store, queries, signal, onProgress, subject } = options
    if (this.#busy) throw new FieldtrialError('INTERNAL', 'A searcher takes one search at a time.')
    throwIfAborted(signal)
    check(options)
    const { rows } = store.meta
    const count = queries.offsets.length - 1
    const k = Math.min(options.k, rows)
    if (count === 0 || k === 0) return Array.from({ length: count }, () => ({ ids: [], scores: new Float64Array() }))
    const searchers = Math.max(1, Math.min(options.threads ?? availableParallelism(), store.shards))
    const perPass = Math.max(1, Math.floor(MOST_SLOTS / (2 * k * searchers)))
    const passes = Math.ceil(count / perPass)
    const rankings: Ranking[] = []
    this.#busy = true
    try {
      for (let pass = 0; pass < passes; pass++) {
        const first = pass * perPass
        const some = Math.min(perPass, count - first)
        const task: SparseTask = {
          folder: store.folder,
          queries: slice(queries, first, first + some),
          k,
          claims: new Int32Array(new SharedArrayBuffer(4)),
          stop: new Int32Array(new SharedArrayBuffer(4)),
        }
        const tell = (documents: number) =>
          onProgress?.({
            step: 'search',
            ...(subject === undefined ? {} : { subject }),
            done: pass * rows + documents,
            total: passes * rows,
            unit: 'documents',
          })
        const found = await this.#ask(task, searchers, signal, tell)
        for (const ranking of await mergeFound(found, some, k, signal)) rankings.push(ranking)
        tell(rows)
      }
    } finally {
      this.#busy = false
    }
    return rankings
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  /** Lets threads work on a task, and waits for all even if one fails. */
  async #ask(
    task: SparseTask,
    searchers: number,
    signal: AbortSignal | undefined,
    tell: (documents: number) => void,
  ): Promise<Found[]> {
    const stop = () => Atomics.store(task.stop, 0, 1)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      while (this.#threads.length < searchers) this.#threads.push(new SparseThread())
      let documents = 0
      const more = (some: number) => {
        documents += some
        tell(documents)
      }
      const work = this.#threads.slice(0, searchers).map(async (thread) => {
        try {
          return await thread.search(task, more)
        } catch (error) {
          stop()
          throw error
        }
      })
      const ends = await Promise.allSettled(work)
      const failed = ends.find((end) => end.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      throwIfAborted(signal)
      return ends.flatMap((end) => (end.status === 'fulfilled' && end.value !== null ? [end.value] : []))
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

/** One search with threads of its own; for several in a row keep a `SparseSearcher`. */
export async function searchSparse(options: SparseSearchOptions): Promise<Ranking[]> {
  const searcher = await SparseSearcher.open()
  try {
    return await searcher.search(options)
  } finally {
    await searcher.close()
  }
}

function check({ store, queries, k }: SparseSearchOptions): void {
  if (!Number.isSafeInteger(k) || k < 0)
    throw new FieldtrialError('USAGE', `${k} documents per query cannot be ranked.`, { hint: 'Give a whole number.' })
  if (!store.meta.sparse)
    throw new FieldtrialError('DATA_MISSING', `${store.folder} holds no sparse vectors.`, {
      hint: 'Encode with a recipe that has a sparse half, such as promptreps.',
    })
  if (!store.complete)
    throw new FieldtrialError('DATA_MISSING', `${store.folder} lacks ${store.missingShards().length} of its shards.`, {
      hint: 'Run the study again: it encodes what is missing.',
    })
  const fault = sparseFault(queries, queries.offsets.length - 1)
  if (fault !== null)
    throw new FieldtrialError('ENGINE_FAILED', `The queries have ${fault}.`, {
      hint: 'Run `fieldtrial doctor` on the encoder: its vectors cannot be used.',
    })
}

/** Rows `from` to `end`. */
function slice({ offsets, terms, weights }: SparseRows, from: number, end: number): SparseRows {
  const [first, last] = [offsets[from]!, offsets[end]!]
  return {
    offsets: offsets.slice(from, end + 1).map((offset) => offset - first),
    terms: terms.slice(first, last),
    weights: weights.slice(first, last),
  }
}
