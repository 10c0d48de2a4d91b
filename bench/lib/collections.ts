import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Qrels } from '../../src/data/types.ts'

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const cache = fileURLToPath(new URL('../../.bench/', import.meta.url))

/** Real texts for a bench, in memory, and as files for the peers, so that both sides read the same bytes. */
export interface BenchCollection {
  readonly name: string
  /** Title and text joined by a space: what flat BM25 indexes. Ids carry the source's name, so they stay unique. */
  readonly documents: readonly { readonly id: string; readonly contents: string }[]
  /** The test split's queries. */
  readonly queries: readonly { readonly id: string; readonly text: string }[]
  /** `{"id", "contents"}` a line: Pyserini's own JSON lines. */
  readonly corpusFile: string
  /** `{"id", "text"}` a line. */
  readonly queriesFile: string
}

const SOURCES = {
  /** SciFact: 5,183 documents, 300 queries. */
  small: ['scifact'],
  /** 57,771 documents, 1,445 queries: prose and code, long and short. */
  large: ['scifact', 'nfcorpus', 'msmarco-trecdl19-20-pool', 'cosqa-coclr', 'codetrans-java-csharp', 'cranfield'],
} as const

/**
 * Reads SciFact (`small`) or a concatenation of six collections (`large`), and leaves both files under `.bench/`.
 *
 * @returns null with a reason where the collections are not beside the checkout.
 */
export function benchCollection(
  size: keyof typeof SOURCES,
): { readonly ok: true; readonly value: BenchCollection } | { readonly ok: false; readonly reason: string } {
  const sources = SOURCES[size]
  const absent = sources.find((name) => !existsSync(`${data}${name}`))
  if (absent !== undefined) return { ok: false, reason: `the collection ${absent} is not in ../shared/data` }
  const documents: { id: string; contents: string }[] = []
  const queries: { id: string; text: string }[] = []
  for (const source of sources) {
    for (const row of jsonLines<{ _id: string; title?: string; text: string }>(`${source}/corpus.jsonl`))
      documents.push({ id: `${source}-${row._id}`, contents: row.title ? `${row.title} ${row.text}` : row.text })
    const judged = judgedQueries(source)
    // Queries that are whole methods (code to code) are not what people type; they would decide the figure alone.
    for (const row of jsonLines<{ _id: string; text: string }>(`${source}/queries.jsonl`))
      if (judged.has(row._id) && source !== 'codetrans-java-csharp')
        queries.push({ id: `${source}-${row._id}`, text: row.text })
  }
  mkdirSync(cache, { recursive: true })
  const corpusFile = `${cache}${size}-corpus.jsonl`
  const queriesFile = `${cache}${size}-queries.jsonl`
  writeFileSync(corpusFile, documents.map((row) => `${JSON.stringify(row)}\n`).join(''))
  writeFileSync(queriesFile, queries.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { ok: true, value: { name: size, documents, queries, corpusFile, queriesFile } }
}

/** Judgments of a source's test split, with the ids that `benchCollection` gives. */
export function benchQrels(source: string): Qrels {
  const qrels: Qrels = new Map()
  for (const row of readFileSync(`${data}${source}/qrels/test.tsv`, 'utf8').split('\n').slice(1)) {
    const [query, document, grade] = row.trim().split('\t')
    if (document === undefined) continue
    const id = `${source}-${query}`
    qrels.set(id, (qrels.get(id) ?? new Map()).set(`${source}-${document}`, Number(grade)))
  }
  return qrels
}

function judgedQueries(source: string): Set<string> {
  const rows = readFileSync(`${data}${source}/qrels/test.tsv`, 'utf8').split('\n').slice(1)
  return new Set(rows.map((row) => row.slice(0, row.indexOf('\t'))))
}

function jsonLines<T>(path: string): T[] {
  const plain = `${data}${path}`
  const text = existsSync(plain)
    ? readFileSync(plain, 'utf8')
    : gunzipSync(readFileSync(`${plain}.gz`)).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}
