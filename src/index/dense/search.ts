import { availableParallelism } from 'node:os'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Ranking } from '../../data/types.ts'
import { cutOf } from './search-cut.ts'
import { mergeFound } from './search-merge.ts'
import type { Found, SearchTask } from './search-messages.ts'
import { newClaims } from './search-pieces.ts'
import { SearchThread } from './search-thread.ts'
import type { VectorStore } from './store.ts'

export interface SearchOptions extends LongWork {
  /** A complete store. */
  readonly store: VectorStore
  /** n × dimension, row-major, float32. */
  readonly queries: Float32Array
  /** Documents per query; all of them if there are fewer. */
  readonly k: number
  /** `cosine` divides by both lengths, so vectors need not be normalised; a vector of zeros has cosine 0. */
  readonly similarity: 'cosine' | 'dot'
  /** Documents scored at a time. Default: as many as suit a processor's caches, 2,048 at most. The result does not depend on it. */
  readonly blockRows?: number
  /** Threads that search. Default: all cores. */
  readonly threads?: number
  /** For progress, e.g. `minilm × scifact`. */
  readonly subject?: string
}

/** Queries per matrix product: more would only make the table of scores larger. */
const QUERY_ROWS = 512
/** Ranked documents held at once by all threads together; beyond it the queries are searched in several passes over the store. */
const MOST_SLOTS = 8_000_000

/**
 * Threads that search stores exactly, by comparing every query with every document: each reads pieces that no other has taken, multiplies them
 * with the queries by onnxruntime, and keeps the best; in the end what they kept is merged. Memory does not grow with the collection.
 *
 * Rankings are ordered by score descending, ties by id descending (UTF-8 bytes), at the cut after k as well. Scores are float32 sums, equal
 * vectors have equal scores, and the result is the same for any size of blocks and shards and any number of threads.
 */
export class ExactSearcher {
  readonly #threads: SearchThread[]
  #busy = false

  /** Starts the first thread; others when there is work for them. */
  static async open(): Promise<ExactSearcher> {
    const first = new SearchThread()
    await first.started()
    return new ExactSearcher(first)
  }

  private constructor(first: SearchThread) {
    this.#threads = [first]
  }

  /**
   * Searches all queries; one call at a time.
   *
   * @returns One ranking per query, in order.
   * @throws FieldtrialError `CANCELLED`; `WORKSPACE_CORRUPT` for a damaged shard; `ENGINE_FAILED` for queries of another dimension, with NaN,
   *   or so long that scores overflow float32; `DATA_MISSING` if the store is not complete.
   */
  async search(options: SearchOptions): Promise<Ranking[]> {
    const { store, similarity, signal, onProgress, subject } = options
    if (this.#busy) throw new FieldtrialError('INTERNAL', 'A searcher takes one search at a time.')
    throwIfAborted(signal)
    const { dimension, rows } = store.meta
    const queries = prepareQueries(options)
    const count = queries.length / dimension
    const k = Math.min(options.k, rows)
    if (count === 0 || k === 0) return Array.from({ length: count }, () => ({ ids: [], scores: new Float64Array() }))
    const cut = cutOf(store.meta, options.threads ?? availableParallelism(), options.blockRows)
    const perPass = Math.max(1, Math.floor(MOST_SLOTS / (k * cut.searchers)))
    const passes = Math.ceil(count / perPass)
    const rankings: Ranking[] = []
    this.#busy = true
    try {
      for (let pass = 0; pass < passes; pass++) {
        const first = pass * perPass
        const some = Math.min(perPass, count - first)
        const task: SearchTask = {
          folder: store.folder,
          queries: queries.subarray(first * dimension, (first + some) * dimension),
          count: some,
          k,
          similarity,
          cut,
          queryRows: QUERY_ROWS,
          claims: newClaims(store.shards),
          bounds: new Float32Array(new SharedArrayBuffer(4 * some)).fill(-Infinity),
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
        for (const ranking of mergeFound(await this.#ask(task, signal, tell), some, k)) rankings.push(ranking)
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

  /** Lets all threads work on a task, and waits for all even if one fails. */
  async #ask(task: SearchTask, signal: AbortSignal | undefined, tell: (documents: number) => void): Promise<Found[]> {
    const stop = () => Atomics.store(task.stop, 0, 1)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      while (this.#threads.length < task.cut.searchers) this.#threads.push(new SearchThread())
      let documents = 0
      const more = (some: number) => {
        documents += some
        tell(documents)
      }
      const work = this.#threads.slice(0, task.cut.searchers).map(async (thread) => {
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
      return ends.map((end) => {
        if (end.status === 'rejected' || end.value === null) throw cancelled(signal)
        return end.value
      })
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

/** One search with threads of its own; for several in a row keep an `ExactSearcher`. */
export async function exactSearch(options: SearchOptions): Promise<Ranking[]> {
  const searcher = await ExactSearcher.open()
  try {
    return await searcher.search(options)
  } finally {
    await searcher.close()
  }
}

function cancelled(signal: AbortSignal | undefined): unknown {
  try {
    throwIfAborted(signal)
  } catch (error) {
    return error
  }
  return new FieldtrialError('CANCELLED', 'Stopped.')
}

/** Checks the queries and, for cosine, scales them to length 1. */
function prepareQueries({ store, queries, k, similarity }: SearchOptions): Float32Array {
  const { dimension } = store.meta
  if (!Number.isSafeInteger(k) || k < 0)
    throw new FieldtrialError('USAGE', `${k} documents per query cannot be ranked.`, { hint: 'Give a whole number.' })
  if (!store.complete)
    throw new FieldtrialError('DATA_MISSING', `${store.folder} lacks ${store.missingShards().length} of its shards.`, {
      hint: 'Run the study again: it encodes what is missing.',
    })
  if (queries.length % dimension !== 0)
    throw new FieldtrialError(
      'ENGINE_FAILED',
      `${queries.length} numbers are not query vectors of the documents' dimension ${dimension}.`,
      { hint: 'Encode queries and documents with the same model.' },
    )
  const prepared = new Float32Array(new SharedArrayBuffer(queries.byteLength))
  for (let start = 0; start < queries.length; start += dimension) {
    let squares = 0
    for (let i = start; i < start + dimension; i++) squares += queries[i]! * queries[i]!
    if (!Number.isFinite(squares))
      throw new FieldtrialError('ENGINE_FAILED', `Query vector ${start / dimension} holds NaN or infinity.`, {
        hint: 'Run `fieldtrial doctor` on the encoder: its vectors cannot be used.',
      })
    const length = similarity === 'cosine' ? Math.sqrt(squares) || 1 : 1
    for (let i = start; i < start + dimension; i++) prepared[i] = queries[i]! / length
  }
  return prepared
}
