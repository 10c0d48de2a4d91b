import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { FileCollection } from '../collection.ts'
import { imageHash } from '../image.ts'
import type { Document, Qrels } from '../types.ts'
import { DocumentQueryCheck } from './document-queries.ts'
import { type Content, ExactDuplicates } from './exact-duplicates.ts'
import { languageMix, type SampledText } from './language-mix.ts'
import { countWords, Lengths } from './lengths.ts'
import { NearDuplicates, type NumberedText } from './near-duplicates.ts'
import { normalText } from './normal-text.ts'
import { findLeaks } from './query-leaks.ts'
import { Sample } from './sample.ts'
import type { CollectionLint, TextLengths } from './types.ts'

export interface LintOptions {
  /** Jaccard from which on texts are near-duplicates, from 0.5 to 1: of shingles for documents, of words for queries. Default: 0.8. */
  readonly threshold?: number
  /** Words of a shingle. Default: 5. */
  readonly shingle?: number
  /** Documents, and queries, whose language is told; the rest of the checks look at all. Default: 2,000. */
  readonly sample?: number
}

export interface Linted {
  readonly lint: CollectionLint
  /** Judged documents in the corpus, and documents with a query's id: what they have the same content as. */
  readonly contents: ReadonlyMap<string, Content>
}

export const LINT_DEFAULTS = { threshold: 0.8, shingle: 5, sample: 2000 } as const
const REPORT_EVERY = 1 << 10

/**
 * Looks through a collection: one pass over the documents, a second one where there are candidates for near-duplicates. Memory: about
 * 200 bytes a document, the queries under test, and the shingles of candidates (256 MiB at a time).
 *
 * @param splits Judgments of the other splits by name, for leaks.
 * @throws FieldtrialError as reading the collection does; `USAGE` for a threshold out of range; `CANCELLED`.
 */
export async function lintCollection(
  collection: FileCollection,
  splits: ReadonlyMap<string, Qrels>,
  options: LintOptions = {},
  work: LongWork = {},
): Promise<Linted> {
  const { threshold, shingle, sample } = { ...LINT_DEFAULTS, ...options }
  const queries = await collection.queries()
  const qrels = await collection.qrels()
  const near = new NearDuplicates({ threshold, shingle })
  const exact = new ExactDuplicates(trackedIds(collection, qrels, queries))
  const asked = new DocumentQueryCheck(queries, qrels, threshold)
  const words = new Lengths()
  const characters = new Lengths()
  const sampled = new Sample<SampledText>(sample)
  let numbers = new Int32Array(1 << 12)
  let documents = 0
  for await (const document of collection.documents()) {
    const content = contentOf(document)
    const normal = normalText(content)
    const image = document.image === undefined ? '' : `\n${(await imageHash(document.image)).hash}`
    const twin = exact.add(document.id, content + image, normal === '' ? '' : normal + image, documents)
    if (documents === numbers.length) numbers = doubled(numbers)
    numbers[documents++] = twin === undefined && image === '' ? near.add(content) : -1
    asked.add(document)
    words.add(countWords(content))
    characters.add(content.length)
    sampled.add(document.id, () => ({ text: content.slice(0, SAMPLED_CHARACTERS), image: image !== '' }))
    if (documents % REPORT_EVERY === 0) report(collection, 'lint', documents, work)
  }
  async function* distinct(): AsyncGenerator<NumberedText> {
    let at = 0
    for await (const document of collection.documents()) {
      if (at % REPORT_EVERY === 0) report(collection, 'compare near-duplicates', at, work)
      const number = numbers[at++]!
      if (number >= 0) yield { number, id: document.id, text: contentOf(document) }
    }
  }
  const { groupOf: _, ...groups } = await near.groups(distinct, work.signal)
  const { same, normal } = exact.result()
  return {
    contents: exact.contents(),
    lint: {
      documents,
      queries: queries.length,
      same,
      normal,
      near: { ...groups, threshold, shingle },
      leaks: await findLeaks(queries, qrels, collection.otherQueries(), splits, threshold, work.signal),
      documentQueries: asked.result(),
      lengths: {
        documents: { words: words.distribution(), characters: characters.distribution() },
        queries: lengthsOf(queries.map(({ text }) => text)),
      },
      mix: {
        documents: await languageMix(sampled.items(), documents),
        queries: await languageMix(sampleOf(queries, sample), queries.length),
      },
    },
  }
}

/** Enough to tell language and code by. */
const SAMPLED_CHARACTERS = 4000

function contentOf({ title, text }: Document): string {
  return title === '' ? text.trim() : `${title} ${text}`.trim()
}

function trackedIds(
  { removeSelf }: FileCollection,
  qrels: Qrels,
  queries: readonly { readonly id: string }[],
): Set<string> {
  const ids = new Set<string>()
  for (const grades of qrels.values()) for (const id of grades.keys()) ids.add(id)
  if (removeSelf) for (const { id } of queries) ids.add(id)
  return ids
}

function lengthsOf(texts: readonly string[]): TextLengths {
  const words = new Lengths()
  const characters = new Lengths()
  for (const text of texts) {
    words.add(countWords(text))
    characters.add(text.length)
  }
  return { words: words.distribution(), characters: characters.distribution() }
}

function sampleOf(
  queries: readonly { readonly id: string; readonly text: string; readonly image?: unknown }[],
  size: number,
) {
  const sample = new Sample<SampledText>(size)
  for (const { id, text, image } of queries) sample.add(id, () => ({ text, image: image !== undefined }))
  return sample.items()
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(numbers.length * 2)
  longer.set(numbers)
  return longer
}

function report(collection: FileCollection, step: string, done: number, work: LongWork): void {
  throwIfAborted(work.signal)
  work.onProgress?.({ step, subject: collection.name, done, unit: 'documents' })
}
