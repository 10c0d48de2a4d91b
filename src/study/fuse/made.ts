import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { Workspace } from '../../core/workspace.ts'
import { VectorStore } from '../../index/dense/index.ts'
import { readRecordAt } from '../artifact.ts'
import type { VectorsDetail } from '../steps/vectors.ts'
import type { RunDetail } from '../trial.ts'

/** The vectors that a retriever searched. */
export interface MadeVectors {
  readonly documents: VectorStore
  readonly queries: VectorStore
  readonly similarity: 'cosine' | 'dot'
  /** In which all queries were encoded, and brought into the form that is searched. */
  readonly querySeconds: number
}

/** What the workspace remembers of a run. */
export interface MadeRun {
  /** Query vectors, by fingerprint, that models gave for it: retrievers that name the same ones share a pass through the model. */
  readonly encodings: ReadonlySet<string>
  /** Null for a retriever without dense vectors of its own. `gone`: they are not in the workspace any more, or not whole. */
  readonly vectors: MadeVectors | 'gone' | null
  /** The ids in its file are percent-encoded. */
  readonly encodedIds: boolean
}

/**
 * How a run was made.
 *
 * @param key Fingerprint of its identity.
 * @returns Null if the workspace does not know it.
 */
export async function readMade(workspace: Workspace, key: string): Promise<MadeRun | null> {
  const record = await readRecordAt<RunDetail>(workspace, 'runs', key)
  if (record === undefined) return null
  const made = madeOf(record.identity)
  return {
    encodings: await encodingsOfRun(workspace, made),
    vectors: await vectorsOf(workspace, made),
    encodedIds: record.detail.encodedIds,
  }
}

type Plain = { readonly [key: string]: Json | undefined }

const asPlain = (value: Json | undefined): Plain | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : null

/** What a run was made from, see `runIdentity`. */
function madeOf(identity: Json): Plain {
  return asPlain(asPlain(identity)?.made) ?? {}
}

async function vectorsOf(workspace: Workspace, made: Plain): Promise<MadeRun['vectors']> {
  const { documents, queries, similarity } = made
  if (documents === undefined || queries === undefined || (similarity !== 'cosine' && similarity !== 'dot')) return null
  const [one, other] = [await openVectors(workspace, documents), await openVectors(workspace, queries)]
  if (one === null || other === null) return 'gone'
  return { documents: one.store, queries: other.store, similarity, querySeconds: other.seconds }
}

async function openVectors(workspace: Workspace, identity: Json) {
  const key = fingerprint(identity)
  const record = await readRecordAt<VectorsDetail>(workspace, 'vectors', key)
  if (record === undefined) return null
  const store = await VectorStore.open(workspace.artifact('vectors', key), { identity })
  return store.complete ? { store, seconds: record.detail.seconds } : null
}

/** The query vectors at the bottom of a run; of a fusion, of all its members. */
async function encodingsOfRun(workspace: Workspace, made: Plain): Promise<Set<string>> {
  const found = new Set<string>()
  // Both halves of a hybrid come of one pass; its dense half is named by what it is made of alone.
  const sparse = asPlain((asPlain(asPlain(made.hybrid)?.sparse) ?? made).sparse)
  if (sparse !== null) return found.add(String(sparse.queries))
  if (made.queries !== undefined) return encodingsOfVectors(workspace, fingerprint(made.queries))
  for (const member of Array.isArray(made.members) ? made.members : []) {
    const record = await readRecordAt(workspace, 'runs', String(member))
    if (record === undefined) continue
    for (const key of await encodingsOfRun(workspace, madeOf(record.identity))) found.add(key)
  }
  return found
}

/** Vectors that were made of others lead to these. */
async function encodingsOfVectors(workspace: Workspace, key: string): Promise<Set<string>> {
  const of = asPlain((await readRecordAt(workspace, 'vectors', key))?.identity)?.of
  if (of === undefined) return new Set([key])
  const found = new Set<string>()
  for (const one of Array.isArray(of) ? of : [of])
    for (const other of await encodingsOfVectors(workspace, String(one))) found.add(other)
  return found
}
