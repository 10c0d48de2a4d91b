import { createHash } from 'node:crypto'
import { throwIfAborted } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { FileCollection } from './collection.ts'
import { DocumentCheck } from './document-check.ts'
import { judgmentFindings, queryFindings } from './judgment-findings.ts'
import type { Collection, CollectionSummary, Finding, Qrels, Query } from './types.ts'

const REPORT_EVERY_MS = 250

/**
 * Reads the whole collection once: counts, content hashes and findings. Memory is bounded by queries, judgments and
 * about 60 bytes for each document.
 *
 * The hashes are SHA-256 over one line of JSON per record, so they do not depend on the file format: `[id,title,text]`
 * and `[id,text]` in file order, `[query,document,grade]` sorted by ids, since the order of judgments means nothing.
 *
 * @throws FieldtrialError `DATA_INVALID` when a record is broken, an id stands there twice, there are no documents, or
 * none of the judged documents is among them; `CANCELLED`.
 */
export async function summarise(
  collection: Collection & Partial<Pick<FileCollection, 'readFindings' | 'limit'>>,
  work: LongWork = {},
): Promise<CollectionSummary> {
  const queries = await collection.queries()
  const qrels = await collection.qrels()
  const check = new DocumentCheck(queries, qrels)
  const corpus = createHash('sha256')
  let reported = Date.now()
  for await (const document of collection.documents()) {
    corpus.update(`${JSON.stringify([document.id, document.title, document.text])}\n`)
    check.add(document)
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
  let judgments = 0
  for (const grades of qrels.values()) judgments += grades.size
  return {
    documents: check.documents,
    queries: queries.length,
    judgments,
    documentCharacters: check.characters,
    queryCharacters: queries.reduce((sum, { text }) => sum + text.length, 0),
    corpusHash: corpus.digest('hex'),
    queriesHash: queriesHash(queries),
    qrelsHash: qrelsHash(qrels),
    findings: [
      ...limited(collection, check.documents),
      ...((await collection.readFindings?.()) ?? []),
      ...check.findings(collection.removeSelf),
      ...queryFindings(queries),
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

function queriesHash(queries: readonly Query[]): string {
  const hash = createHash('sha256')
  for (const { id, text } of queries) hash.update(`${JSON.stringify([id, text])}\n`)
  return hash.digest('hex')
}

function qrelsHash(qrels: Qrels): string {
  const hash = createHash('sha256')
  for (const query of [...qrels.keys()].sort()) {
    const grades = qrels.get(query)!
    for (const document of [...grades.keys()].sort())
      hash.update(`${JSON.stringify([query, document, grades.get(document)!])}\n`)
  }
  return hash.digest('hex')
}
