import { basename } from 'node:path'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Run } from '../../data/types.ts'
import type { Encoder, PreparedEncoder } from '../../engines/types.ts'
import { ExactSearcher, encodeIntoStore, VectorStore } from '../../index/dense/index.ts'
import type { Side } from '../../recipes/types.ts'
import { discard, obtain } from '../artifact.ts'
import { rememberRate } from '../estimate.ts'
import { documentText } from '../identity.ts'
import type { PlannedCollection } from '../plan.ts'
import type { VectorDtype } from '../study.ts'
import { requireUnchanged } from './unchanged.ts'

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

/** The vectors of one side of a collection: taken from the workspace after a look at every shard, or encoded shard by shard. */
export async function obtainVectors(
  workspace: Workspace,
  encoder: LazyEncoder,
  identity: Json,
  side: Side,
  dtype: VectorDtype,
  on: PlannedCollection,
  work: LongWork,
): Promise<{ store: VectorStore; detail: VectorsDetail }> {
  const make = (target: string) => encodeSide(workspace, encoder, identity, side, dtype, on, target, work)
  const first = await obtain(workspace, 'vectors', identity, make, { work })
  if (!first.cached) return { store: await VectorStore.open(first.folder, { identity }), detail: first.detail }
  const damage = await findDamage(first.folder, identity, work)
  if (damage === null) return { store: await VectorStore.open(first.folder, { identity }), detail: first.detail }
  await discard(workspace, 'vectors', identity, damage.what, work, (name) => damage.sound(name))
  const again = await obtain(workspace, 'vectors', identity, make, { work })
  return { store: await VectorStore.open(again.folder, { identity }), detail: again.detail }
}

/** What is wrong with stored vectors, and which of their files can be kept; null if nothing is. */
async function findDamage(
  folder: string,
  identity: Json,
  work: LongWork,
): Promise<{ what: string; sound: (name: string) => boolean } | null> {
  let store: VectorStore
  try {
    store = await VectorStore.open(folder, { identity })
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code === 'CANCELLED') throw error
    return { what: error.message, sound: () => false }
  }
  const missing = store.missingShards()
  const problems = await store.verify(work)
  if (missing.length === 0 && problems.length === 0) return null
  const broken = new Set(problems.map(({ file }) => basename(file)))
  const what = problems[0]
    ? `${problems[0].file}: ${problems[0].problem}.`
    : `${folder} lacks ${missing.length} of its shards.`
  return { what, sound: (name) => !broken.has(name) }
}

async function encodeSide(
  workspace: Workspace,
  encoder: LazyEncoder,
  identity: Json,
  side: Side,
  dtype: VectorDtype,
  on: PlannedCollection,
  target: string,
  work: LongWork,
): Promise<VectorsDetail> {
  const total = side === 'document' ? on.summary.documents : on.summary.queries
  const loaded = await encoder.open(work.signal)
  const dimension = loaded.info.dimension ?? (await loaded.encode(['dimension'], side)).dimension
  const store = await VectorStore.create(target, { identity, dimension, dtype, rows: total })
  const texts = side === 'document' ? documentTexts(on) : queryTexts(on)
  const made = await encodeIntoStore({ encoder: loaded, side, texts, store, total, work })
  await requireUnchanged(on, target)
  await rememberRate(workspace, encoder.info, made.tokens ?? 0, made.seconds)
  const { rows, bytes, seconds, tokens, truncated } = made
  return { rows, dimension, bytes, seconds, tokens, truncated }
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
