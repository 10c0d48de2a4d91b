import { basename } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { type EncodableText, encodeIntoStore, VectorStore } from '../../index/dense/index.ts'
import type { Side } from '../../recipes/types.ts'
import { discard, obtain } from '../artifact.ts'
import { rememberRate } from '../estimate.ts'
import { documentText } from '../identity.ts'
import { isUnseen, leftOut, unseen } from '../images/readable.ts'
import type { PlannedCollection } from '../plan.ts'
import type { QuerySample } from '../query-sample.ts'
import type { VectorDtype } from '../study.ts'
import type { LazyEncoder } from './lazy-encoder.ts'
import { PeakMemory } from './peak-memory.ts'
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
  /** Largest resident memory of this process while it encoded; null for vectors that were made from others. */
  readonly peakBytes: number | null
}

export interface StoredVectors {
  readonly store: VectorStore
  readonly detail: VectorsDetail
}

interface Texts {
  readonly side: Side
  readonly total: number
  readonly dtype: VectorDtype
  texts(): AsyncIterable<EncodableText>
}

/** What a set of vectors is made with. */
export interface Encoding {
  readonly workspace: Workspace
  readonly encoder: LazyEncoder
  readonly on: PlannedCollection
  readonly work: LongWork
}

/** The vectors of a collection's documents. */
export function documentVectors(encoding: Encoding, identity: Json, dtype: VectorDtype): Promise<StoredVectors> {
  const { on } = encoding
  const { info } = encoding.encoder
  const left = leftOut(on, info, 'document')
  return encoded(encoding, identity, {
    side: 'document',
    total: on.summary.documents - left.size - unseen(on.summary, info, 'document'),
    dtype,
    async *texts() {
      for await (const { image, ...document } of on.collection.documents()) {
        const item = { id: document.id, text: documentText(document), ...(image === undefined ? {} : { image }) }
        if (!left.has(document.id) && !isUnseen(info, item)) yield item
      }
    },
  })
}

export function queryVectors(encoding: Encoding, identity: Json): Promise<StoredVectors> {
  const { on } = encoding
  const { info } = encoding.encoder
  const left = leftOut(on, info, 'query')
  return encoded(encoding, identity, {
    side: 'query',
    total: on.summary.queries - left.size - unseen(on.summary, info, 'query'),
    dtype: 'float32',
    async *texts() {
      for (const query of await on.collection.queries()) if (!left.has(query.id) && !isUnseen(info, query)) yield query
    },
  })
}

/** Vectors, under the query prompt, of texts that stand for queries. */
export function sampleVectors(encoding: Encoding, identity: Json, sample: QuerySample): Promise<StoredVectors> {
  return encoded(encoding, identity, {
    side: 'query',
    total: sample.size,
    dtype: 'float32',
    texts: () => sample.texts(),
  })
}

function encoded(encoding: Encoding, identity: Json, texts: Texts): Promise<StoredVectors> {
  return soundVectors(encoding.workspace, identity, encoding.work, (target) =>
    encode(encoding, identity, texts, target),
  )
}

/** Vectors taken from the workspace after a look at every shard, or made; damaged shards are made again. */
export async function soundVectors(
  workspace: Workspace,
  identity: Json,
  work: LongWork,
  make: (target: string) => Promise<VectorsDetail>,
): Promise<StoredVectors> {
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

async function encode(
  { workspace, encoder, on, work }: Encoding,
  identity: Json,
  { side, total, dtype, texts }: Texts,
  target: string,
): Promise<VectorsDetail> {
  const loaded = await encoder.open(work)
  const { info } = encoder
  const task = on.task.instruction
  const dimension = loaded.info.dimension ?? (await loaded.encode(['dimension'], side, { task })).dimension
  const sparse = info.recipe.sparse !== null
  const store = await VectorStore.create(target, {
    identity,
    dimension,
    dtype,
    rows: total,
    ...(sparse ? { sparse } : {}),
  })
  const memory = new PeakMemory()
  try {
    const made = await encodeIntoStore({ encoder: loaded, side, task, texts: texts(), store, total, work })
    await requireUnchanged(on, target)
    await rememberRate(workspace, info, made.tokens ?? 0, made.seconds)
    const { rows, bytes, seconds, tokens, truncated } = made
    return { rows, dimension, bytes, seconds, tokens, truncated, peakBytes: memory.stop() }
  } finally {
    memory.stop()
  }
}
