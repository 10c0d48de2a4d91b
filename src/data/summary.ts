import { createHash } from 'node:crypto'
import { throwIfAborted } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { FileCollection } from './collection.ts'
import { DocumentCheck } from './document-check.ts'
import { imageHash, ModalityCount } from './image.ts'
import { judgmentFindings, queryFindings } from './judgment-findings.ts'
import { sampledFinding } from './sample-card.ts'
import type { Collection, CollectionSummary, Finding, ModalityCounts, Qrels, Query } from './types.ts'

const REPORT_EVERY_MS = 250

/**
 * Reads the whole collection once: counts, content hashes and findings. Memory is bounded by queries, judgments and
 * about 60 bytes for each document.
 *
 * The hashes are SHA-256 over one line of JSON per record, so they do not depend on the file format: `[id,title,text]`
 * and `[id,text]` in file order, `[query,document,grade]` sorted by ids, since the order of judgments means nothing. A record
 * with a picture has the SHA-256 of its bytes behind, so pictures are read once; one whose file is not there is counted.
 *
 * @throws FieldtrialError `DATA_INVALID` when a record is broken, an id stands there twice, there are no documents, or
 * none of the judged documents is among them; `CANCELLED`.
 */
export async function summarise(
  collection: Collection & Partial<Pick<FileCollection, 'readFindings' | 'limit' | 'sample'>>,
  work: LongWork = {},
): Promise<CollectionSummary> {
  const queries = await collection.queries()
  const qrels = await collection.qrels()
  const check = new DocumentCheck(queries, qrels)
  const corpus = createHash('sha256')
  let reported = Date.now()
  for await (const document of collection.documents()) {
    const { id, title, text, image } = document
    const picture = image === undefined ? null : await imageHash(image)
    corpus.update(`${JSON.stringify([id, title, text, ...(picture === null ? [] : [picture.hash])])}\n`)
    check.add(document, picture)
    if ((check.documents & 0xff) !== 0) continue
    throwIfAborted(work.signal)
    if (Date.now() - reported < REPORT_EVERY_MS) continue
    reported = Date.now()
    work.onProgress?.({
      step: 'read collection',
      subject: collection.name,
      done: check.documents,
      unit: 'documents',
    })
  }
  await check.verify(collection)
  const asked = await summariseQueries(queries)
  return {
    documents: check.documents,
    queries: queries.length,
    judgments: countJudgments(qrels),
    documentCharacters: check.characters,
    queryCharacters: queries.reduce((sum, { text }) => sum + text.length, 0),
    modalities: { documents: check.modalities.done(), queries: asked.modalities },
    corpusHash: corpus.digest('hex'),
    queriesHash: asked.hash,
    qrelsHash: qrelsHash(qrels),
    findings: [
      ...limited(collection, check.documents),
      ...(collection.sample ? [sampledFinding(collection.sample, collection.split)] : []),
      ...((await collection.readFindings?.()) ?? []),
      ...check.findings(collection.removeSelf),
      ...queryFindings(queries, asked),
      ...judgmentFindings(qrels),
    ],
  }
}

function limited(collection: Partial<Pick<FileCollection, 'limit'>>, documents: number): Finding[] {
  const { limit } = collection
  if (limit === undefined || limit === null) return []
  return [
    {
      code: 'collection.limited',
      level: 'warning',
      count: limit,
      of: limit,
      message: `A smoke run over the first ${limit} judged queries and ${documents} documents: its numbers do not hold for the collection.`,
      examples: [],
    },
  ]
}

export function countJudgments(qrels: Qrels): number {
  let count = 0
  for (const grades of qrels.values()) count += grades.size
  return count
}

/** What all queries show. */
export interface QueriesSummary {
  /** Of their content. */
  readonly hash: string
  readonly modalities: ModalityCounts
  /** Ids of those whose picture is not there. */
  readonly missing: readonly string[]
}

/** The content hash of queries, and what they are. */
export async function summariseQueries(queries: readonly Query[]): Promise<QueriesSummary> {
  const hash = createHash('sha256')
  const modalities = new ModalityCount()
  const missing: string[] = []
  for (const { id, text, image } of queries) {
    modalities.add(text, image)
    const picture = image === undefined ? null : await imageHash(image)
    hash.update(`${JSON.stringify([id, text, ...(picture === null ? [] : [picture.hash])])}\n`)
    if (picture?.missing) missing.push(id)
  }
  return { hash: hash.digest('hex'), modalities: modalities.done(), missing }
}

export function qrelsHash(qrels: Qrels): string {
  const hash = createHash('sha256')
  for (const query of [...qrels.keys()].sort()) {
    const grades = qrels.get(query)!
    for (const document of [...grades.keys()].sort())
      hash.update(`${JSON.stringify([query, document, grades.get(document)!])}\n`)
  }
  return hash.digest('hex')
}
