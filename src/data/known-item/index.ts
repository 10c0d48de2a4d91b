import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { type Candidate, queryable, spread } from './choose.ts'
import { cutParagraphs } from './cut.ts'
import { compare, type DocumentationFile, findDocumentation } from './files.ts'
import { markdownSections, wordsOf } from './markdown.ts'

export interface KnownItemOptions {
  /** Most documents to keep. Default: 1,200. */
  readonly maxDocuments?: number
  /** Most queries. Default: 300. */
  readonly maxQueries?: number
  /** Sections with fewer words are left out. Default: 20. */
  readonly minWords?: number
  /** Longer sections are cut at paragraphs; their parts are documents, but no heading asks for them. Default: 300. */
  readonly maxWords?: number
}

/**
 * Makes a known-item collection (Azzopardi and de Rijke 2007: a query stands for one document that is known to exist)
 * out of Markdown documentation: a section's heading is the query, its text without the heading the one relevant
 * document, and the title is the project's name, which gives nothing away. Headings are used if they are informative
 * and stand over one section only; identical texts are kept once. The same files give the same collection.
 *
 * @param roots Folders to look in, e.g. `node_modules`.
 * @param outFolder Where `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv` are written.
 * @returns How many documents and queries there are; it may be none.
 * @throws FieldtrialError `DISK_FULL`, `CANCELLED`.
 */
export async function buildKnownItem(
  roots: readonly string[],
  outFolder: string,
  options: KnownItemOptions = {},
  work: LongWork = {},
): Promise<{ documents: number; queries: number }> {
  const { maxDocuments = 1_200, maxQueries = 300, minWords = 20, maxWords = 300 } = options
  const files = await findDocumentation(roots, work.signal)
  const candidates: Candidate[] = []
  for (const [i, file] of files.entries()) {
    throwIfAborted(work.signal)
    candidates.push(...candidatesOf(file, await readFile(file.file, 'utf8'), minWords, maxWords))
    if (i % 50 === 49)
      work.onProgress?.({ step: 'read documentation', done: i + 1, total: files.length, unit: 'documents' })
  }
  const distinct = withoutTwins(candidates)
  const queries = spread(queryable(distinct), Math.min(maxQueries, maxDocuments)).sort((a, b) => compare(a.id, b.id))
  const asked = new Set(queries.map(({ id }) => id))
  const others = spread(
    distinct.filter(({ id }) => !asked.has(id)),
    maxDocuments - queries.length,
  )
  const documents = [...queries, ...others].sort((a, b) => compare(a.id, b.id))
  const lines = (records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')
  const queryId = (i: number) => `q${i + 1}`
  await writeAtomic(
    join(outFolder, 'corpus.jsonl'),
    lines(documents.map(({ id, project, text }) => ({ _id: id, title: project, text }))),
  )
  await writeAtomic(
    join(outFolder, 'queries.jsonl'),
    lines(queries.map(({ heading }, i) => ({ _id: queryId(i), text: heading }))),
  )
  await writeAtomic(
    join(outFolder, 'qrels', 'test.tsv'),
    `query-id\tcorpus-id\tscore\n${queries.map(({ id }, i) => `${queryId(i)}\t${id}\t1\n`).join('')}`,
  )
  return { documents: documents.length, queries: queries.length }
}

function candidatesOf(file: DocumentationFile, content: string, minWords: number, maxWords: number): Candidate[] {
  const used = new Map<string, number>()
  const place = `${file.project}/${file.path}`.replace(/\s/g, '%20')
  return markdownSections(content).flatMap(({ heading, paragraphs }) => {
    // Text that stands before the first heading belongs to none.
    if (heading === '') return []
    const slug = wordsOf(heading).join('-').toLowerCase() || 'section'
    const before = used.get(slug) ?? 0
    used.set(slug, before + 1)
    const id = `${place}#${slug}${before === 0 ? '' : `~${before + 1}`}`
    const parts = cutParagraphs(paragraphs, maxWords).filter((text) => wordsOf(text).length >= minWords)
    const whole = parts.length === 1 && parts[0] === paragraphs.join('\n')
    return parts.map((text, i) => ({
      id: i === 0 ? id : `${id}:${i + 1}`,
      project: file.project,
      text,
      ...(whole ? { heading } : {}),
    }))
  })
}

/** The first of each text; headings over a text that stands in several places would have several answers. */
function withoutTwins(candidates: readonly Candidate[]): Candidate[] {
  const key = (text: string) => wordsOf(text).join(' ').toLowerCase()
  const counts = new Map<string, number>()
  for (const { text } of candidates) counts.set(key(text), (counts.get(key(text)) ?? 0) + 1)
  const kept = new Set<string>()
  return candidates.flatMap((candidate) => {
    const text = key(candidate.text)
    if (kept.has(text)) return []
    kept.add(text)
    const { heading: _, ...part } = candidate
    return [counts.get(text) === 1 ? candidate : part]
  })
}
