import { createHash } from 'node:crypto'
import { FieldtrialError } from '../core/errors.ts'
import type { Json } from '../core/fingerprint.ts'
import { documentText } from './identity.ts'
import type { PlannedCollection } from './plan.ts'

/** Texts whose vectors, under the query prompt, give the queries' mean. */
const SAMPLE_SIZE = 256
/** With fewer training queries than this, sentences of documents are the better estimate. */
const FEWEST_TRAINING_QUERIES = 50
/** Even when they are asked for: the mean of a handful is noise. */
const FEWEST_WISHED = 10
const SHORTEST_SENTENCE = 20
const LONGEST_SENTENCE = 300
/** Raised when other texts would be chosen. */
const SAMPLE_VERSION = 1

/** What stands for the queries when their mean is fitted. Never a query under test. */
export interface QuerySample {
  readonly kind: 'train' | 'sentences'
  /** Number of texts. */
  readonly size: number
  /** What determines the texts. */
  readonly identity: Json
  texts(): AsyncIterable<{ readonly id: string; readonly text: string }>
}

/**
 * Training queries (all queries of the file that are not under test), or one sentence each of documents, chosen by the hashes of their
 * ids: the same ones every time, from all over the collection.
 */
export function sampleTexts(wish: 'auto' | 'train' | 'sentences', on: PlannedCollection): QuerySample {
  const kind = wish === 'auto' ? (on.otherQueries >= FEWEST_TRAINING_QUERIES ? 'train' : 'sentences') : wish
  if (kind === 'train' && on.otherQueries < FEWEST_WISHED)
    throw new FieldtrialError(
      'STUDY_INVALID',
      `queryMean is train, but ${on.given} has ${on.otherQueries} queries that are not under test; ${FEWEST_WISHED} are the least.`,
      { hint: 'Use `queryMean: sentences`, or auto.' },
    )
  const { image, empty } = on.summary.modalities.documents
  // Only where there are images, so that samples of texts stay what they were.
  const worded = image === 0 ? on.summary.documents : on.summary.documents - image - empty
  if (kind === 'sentences' && worded === 0)
    throw new FieldtrialError(
      'STUDY_INVALID',
      `The queries' mean cannot be taken from sentences of documents: those of ${on.given} are images.`,
      { hint: 'Use a collection with training queries and `queryMean: train`, or no step that centres.' },
    )
  const of = kind === 'train' ? on.otherQueries : worded
  const size = Math.min(SAMPLE_SIZE, of)
  const source = kind === 'train' ? { queries: on.otherQueriesHash } : { corpus: on.summary.corpusHash }
  return {
    kind,
    size,
    identity: { version: SAMPLE_VERSION, kind, size, ...source },
    async *texts() {
      if (kind === 'train') yield* await smallest(trainingQueries(on), size)
      else
        for (const document of await smallest(image === 0 ? on.collection.documents() : wordedOf(on), size))
          yield { id: document.id, text: sentenceOf(document.id, documentText(document)) }
    },
  }
}

async function* wordedOf({ collection }: PlannedCollection) {
  for await (const document of collection.documents()) if (documentText(document).trim() !== '') yield document
}

/** The `count` items whose ids have the smallest hashes, in their order. */
async function smallest<T extends { readonly id: string }>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  let kept: { key: string; item: T }[] = []
  const cut = () => {
    kept.sort((a, b) => (a.key < b.key ? -1 : 1))
    kept = kept.slice(0, count)
  }
  for await (const item of items) {
    kept.push({ key: hashOf(item.id), item })
    if (kept.length > 4 * count) cut()
  }
  cut()
  return kept.map(({ item }) => item)
}

/**
 * One sentence of a text, chosen by the id's hash: of those of fair length one in words, where there is any (in code, comments and
 * docstrings: queries are written in words); the start of the text if there is none.
 */
function sentenceOf(id: string, text: string): string {
  const segmenter = new Intl.Segmenter('und', { granularity: 'sentence' })
  const head = text.slice(0, 8000).toWellFormed()
  const sentences = [...segmenter.segment(head)]
    .map(({ segment }) => segment.replaceAll(/["'#*/\s]+$|^["'#*/\s]+/g, ''))
    .filter((sentence) => sentence.length >= SHORTEST_SENTENCE && sentence.length <= LONGEST_SENTENCE)
  const inWords = sentences.filter((sentence) => WORDS.test(sentence))
  const choice = inWords.length > 0 ? inWords : sentences
  if (choice.length === 0) return head.slice(0, LONGEST_SENTENCE).toWellFormed()
  return choice[Number.parseInt(hashOf(id).slice(-8), 16) % choice.length]!
}

/** At least four words in a row that are nothing but letters, with ordinary punctuation, from beginning to end. */
const WORDS = /^(?:[\p{L}\p{M}'’-]+[,;:.!?]?\s+){3,}[\p{L}\p{N} ,;:.!?()'’"%-]+$/u

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Queries of the file that are not under test, neither by id nor, but for case and blanks, by their text. */
async function* trainingQueries({ collection }: Pick<PlannedCollection, 'collection'>) {
  const plain = (text: string) => text.toLowerCase().replaceAll(/\s+/g, ' ').trim()
  const tested = new Set((await collection.queries()).map(({ text }) => plain(text)))
  for await (const query of collection.otherQueries()) if (!tested.has(plain(query.text))) yield query
}

/** Number and content hash of the queries that are not under test. */
export async function measureOtherQueries(
  on: Pick<PlannedCollection, 'collection'>,
): Promise<{ otherQueries: number; otherQueriesHash: string }> {
  const hash = createHash('sha256')
  let otherQueries = 0
  for await (const { id, text } of trainingQueries(on)) {
    otherQueries++
    hash.update(`${JSON.stringify([id, text])}\n`)
  }
  return { otherQueries, otherQueriesHash: hash.digest('hex') }
}
