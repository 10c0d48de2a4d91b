import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { workerUrl } from '../../core/worker-url.ts'
import type { Ranking } from '../../data/types.ts'
import type { SearchReply, SearchTask } from './search-messages.ts'
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
  /** Documents scored at a time. Default: as many as memory bears, 16,384 at most. The result does not depend on it. */
  readonly blockRows?: number
  /** Threads of the matrix product. Default: all cores. */
  readonly threads?: number
  /** For progress, e.g. `minilm × scifact`. */
  readonly subject?: string
}

/** Queries per matrix product: more would only make the table of scores larger. */
const QUERY_ROWS = 512
/** Ranked documents held at once; beyond it the queries are searched in several passes over the store. */
const MOST_SLOTS = 8_000_000

/**
 * A thread that searches stores exactly, by comparing every query with every document: blocks of the store are mapped into memory,
 * multiplied with the queries by onnxruntime, and the best of each block merged. Memory does not grow with the collection.
 *
 * Rankings are ordered by score descending, ties by id descending (UTF-8 bytes), at the cut after k as well. Scores are float32 sums, equal
 * vectors have equal scores, and the result is the same for any size of blocks and shards.
 */
export class ExactSearcher {
  readonly #worker: Worker
  #busy = false

  static async open(): Promise<ExactSearcher> {
    const worker = new Worker(workerUrl(import.meta.url, './search-worker'))
    await once(worker, 'online')
    return new ExactSearcher(worker)
  }

  private constructor(worker: Worker) {
    this.#worker = worker
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
    const perPass = Math.max(1, Math.floor(MOST_SLOTS / k))
    const passes = Math.ceil(count / perPass)
    const rankings: Ranking[] = []
    this.#busy = true
    try {
      for (let pass = 0; pass < passes; pass++) {
        const first = pass * perPass
        const some = Math.min(perPass, count - first)
        const task = {
          folder: store.folder,
          queries: queries.subarray(first * dimension, (first + some) * dimension),
          count: some,
          dimension,
          k,
          similarity,
          threads: options.threads ?? availableParallelism(),
          blockRows: options.blockRows,
          queryRows: QUERY_ROWS,
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
        const found = await this.#ask(task, signal, tell)
        for (const ranking of toRankings(found, some, k)) rankings.push(ranking)
        tell(rows)
      }
    } finally {
      this.#busy = false
    }
    return rankings
  }

  async close(): Promise<void> {
    // Not `terminate`: a thread that is ended inside onnxruntime takes the process with it.
    const exited = once(this.#worker, 'exit')
    this.#worker.postMessage(null)
    await exited
  }

  async #ask(
    task: SearchTask,
    signal: AbortSignal | undefined,
    tell: (documents: number) => void,
  ): Promise<SearchReply & { readonly kind: 'done' }> {
    const stop = () => Atomics.store(task.stop, 0, 1)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await new Promise((resolve, reject) => {
        const done = (settle: () => void) => {
          this.#worker.off('message', hear)
          this.#worker.off('error', fail)
          this.#worker.off('exit', gone)
          settle()
        }
        const fail = (error: Error) => done(() => reject(error))
        const gone = () => done(() => reject(new FieldtrialError('INTERNAL', 'The search thread ended by itself.')))
        const hear = (reply: SearchReply) => {
          if (reply.kind === 'progress') return tell(reply.documents)
          done(() => {
            if (reply.kind === 'done') return resolve(reply)
            if (reply.kind === 'stopped') return reject(cancelled(signal))
            const { code, message, hint, where } = reply
            reject(new FieldtrialError(code, message, { ...(hint ? { hint } : {}), ...(where ? { where } : {}) }))
          })
        }
        this.#worker.on('message', hear)
        this.#worker.on('error', fail)
        this.#worker.on('exit', gone)
        this.#worker.postMessage(task)
      })
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }
}

/** One search with a thread of its own; for several in a row keep an `ExactSearcher`. */
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

function toRankings(found: SearchReply & { readonly kind: 'done' }, count: number, k: number): Ranking[] {
  return Array.from({ length: count }, (_, query) => {
    const slots = [query * k, (query + 1) * k] as const
    const scores = Float64Array.from(found.scores.subarray(...slots))
    if (!scores.every(Number.isFinite))
      throw new FieldtrialError('ENGINE_FAILED', `The scores of query ${query} overflow float32.`, {
        hint: 'Normalise the vectors, or compare them by cosine.',
      })
    return { ids: Array.from(found.rows.subarray(...slots), (row) => found.ids.get(row)!), scores }
  })
}
