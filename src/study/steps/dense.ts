import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import type { Encoder, PreparedEncoder } from '../../engines/types.ts'
import { ExactSearcher, encodeIntoStore, shardSize, VectorStore } from '../../index/dense/index.ts'
import type { Side } from '../../recipes/types.ts'
import { obtain } from '../artifact.ts'
import { rememberRate } from '../estimate.ts'
import { documentText } from '../identity.ts'
import type { PlannedCollection } from '../plan.ts'
import type { VectorDtype } from '../study.ts'

/** What is remembered of one side's vectors. */
export interface VectorsDetail {
  readonly rows: number
  readonly dimension: number
  readonly bytes: number
  readonly seconds: number
  /** Null where a server does not tell. */
  readonly tokens: number | null
  readonly truncated: number | null
}

/** Loads a model at the first need and keeps it: most trials of a resumed study never need it. */
export class LazyEncoder {
  readonly #prepared: PreparedEncoder
  #opened: Promise<Encoder> | undefined

  constructor(prepared: PreparedEncoder) {
    this.#prepared = prepared
  }

  get info() {
    return this.#prepared.info
  }

  open(signal: AbortSignal | undefined): Promise<Encoder> {
    this.#opened ??= this.#prepared.open(signal ? { signal } : {})
    return this.#opened
  }

  async close(): Promise<void> {
    const encoder = await this.#opened?.catch(() => undefined)
    await encoder?.close()
  }
}

/** The vectors of one side of a collection: taken from the workspace, or encoded shard by shard. */
export async function obtainVectors(
  workspace: Workspace,
  encoder: LazyEncoder,
  identity: Json,
  side: Side,
  dtype: VectorDtype,
  on: PlannedCollection,
  work: LongWork,
): Promise<{ store: VectorStore; detail: VectorsDetail }> {
  const total = side === 'document' ? on.summary.documents : on.summary.queries
  const { folder, detail } = await obtain<VectorsDetail>(
    workspace,
    'vectors',
    identity,
    async (target) => {
      const loaded = await encoder.open(work.signal)
      const dimension = loaded.info.dimension ?? (await loaded.encode(['dimension'], side)).dimension
      const store = await VectorStore.create(target, {
        identity,
        dimension,
        dtype,
        rows: total,
        shardRows: shardSize(total),
      })
      const made = await encodeIntoStore({
        encoder: loaded,
        side,
        texts: side === 'document' ? documentTexts(on) : queryTexts(on),
        store,
        total,
        work,
      })
      await rememberRate(workspace, encoder.info, made.tokens ?? 0, made.seconds)
      return {
        rows: made.rows,
        dimension,
        bytes: made.bytes,
        seconds: made.seconds,
        tokens: made.tokens,
        truncated: made.truncated,
      }
    },
    { work },
  )
  if (detail.rows !== total)
    throw new FieldtrialError(
      'WORKSPACE_CORRUPT',
      `The ${side} vectors of ${on.collection.name} are ${detail.rows} rows, but the collection has ${total}.`,
      {
        hint: `Delete ${folder} and run the study again.`,
        where: { file: folder },
      },
    )
  return { store: await VectorStore.open(folder, { identity }), detail }
}

/** Searches all queries against all documents, exactly. */
export async function searchDense(
  queries: VectorStore,
  documents: VectorStore,
  similarity: 'cosine' | 'dot',
  depth: number,
  work: LongWork,
): Promise<{ run: Run; seconds: number }> {
  throwIfAborted(work.signal)
  const queryIds = await queries.ids()
  const vectors = await queries.readAll()
  // Starting the thread is no part of what a query costs.
  const searcher = await ExactSearcher.open()
  try {
    const started = performance.now()
    const rankings = await searcher.search({ store: documents, queries: vectors, k: depth, similarity, ...work })
    const seconds = (performance.now() - started) / 1000
    return { run: new Map(queryIds.map((id, i) => [id, rankings[i]!])), seconds }
  } finally {
    await searcher.close()
  }
}

async function* documentTexts(on: PlannedCollection): AsyncIterable<{ id: string; text: string }> {
  for await (const document of on.collection.documents()) yield { id: document.id, text: documentText(document) }
}

async function* queryTexts(on: PlannedCollection): AsyncIterable<{ id: string; text: string }> {
  yield* await on.collection.queries()
}
