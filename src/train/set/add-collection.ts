import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { textHash } from '../../data/hash-set.ts'
import type { Qrels, Query } from '../../data/types.ts'
import { BrokenImage } from '../../engines/image/decode.ts'
import type { EncoderItem } from '../../engines/types.ts'
import { randomWords } from '../../measure/significance/random.ts'
import { readMined } from '../data/mined.ts'
import type { OpenedSource } from '../data/open.ts'
import { type Adding, copiesOf } from './add-examples.ts'
import { documentItem } from './document-item.ts'
import { HashIndex } from './hash-index.ts'
import { NegativesRule, QueryLengths, type SourceCounts } from './source-counts.ts'

type CollectionSource = OpenedSource & { readonly kind: 'collection' }

/** Random documents kept for a query, so that its epochs see different ones. */
const RANDOM_NEGATIVES = 32

/** Documents that are needed, and the numbers that their texts get. */
class Needed {
  /** Those added so far are positives. */
  positives = 0
  readonly #ids = new HashIndex()
  #texts = new Int32Array(0)

  add(id: string): number {
    return this.#ids.add(textHash(id))
  }

  get size(): number {
    return this.#ids.size
  }

  /** To be called once, when all are known. */
  seal(): void {
    this.#texts = new Int32Array(this.#ids.size).fill(-1)
  }

  find(id: string): number {
    return this.#ids.get(textHash(id))
  }

  set(number: number, text: number): void {
    this.#texts[number] = text
  }

  /** Number of the text; -1 where the corpus does not have the document. */
  text(number: number): number {
    return this.#texts[number]!
  }
}

/**
 * Adds the judged queries of a collection's split: grades above 0 are positives, negatives come from a file of mined ones or at random. The
 * corpus is read as a stream, and only documents that are needed become tokens. Memory: queries, judgments, and about 40 bytes for each document
 * that is needed.
 */
export async function addCollection(source: CollectionSource, adding: Adding): Promise<SourceCounts> {
  const { collection, spec, name } = source
  const { writer, training, task, overlap } = adding
  const qrels = await collection.qrels()
  const queries = positiveQueries(await collection.queries(), qrels).slice(0, spec.limit ?? undefined)
  if (queries.length === 0)
    throw new FieldtrialError('DATA_INVALID', `${name} (${source.split}) has no query with a relevant document.`, {
      hint: 'Choose another split.',
    })
  const needed = new Needed()
  for (const { id } of queries) for (const document of relevant(qrels, id)) needed.add(document)
  needed.positives = needed.size
  const mined =
    spec.negatives === 'none' || spec.negatives === 'random' ? null : await readMinedOf(source, queries, needed)
  const random = spec.negatives === 'random' ? await chooseRandom(source, queries.length, adding) : null
  needed.seal()
  const randomTexts = await readCorpus(source, needed, random?.wanted ?? null, adding)

  const rule = new NegativesRule(source, training.negatives)
  const lengths = new QueryLengths(name, training.tooLong)
  let [taken, dropped, missing] = [0, 0, 0]
  for (const [i, query] of queries.entries()) {
    if (i % 256 === 0) throwIfAborted(adding.work.signal)
    if (query.text.trim() === '' && query.image === undefined)
      throw new FieldtrialError('DATA_INVALID', `${name}: the query ${query.id} has no text.`, {
        hint: 'Mend it, or remove its judgments.',
      })
    const positives: number[] = []
    for (const document of relevant(qrels, query.id)) {
      const text = needed.text(needed.find(document))
      if (text >= 0) positives.push(text)
      else missing += skipMissing(source, query.id, document, 'positive')
    }
    const given = mined?.get(query.id) ?? random?.of(i) ?? []
    const negatives = new Set<number>()
    for (const number of given) {
      const text = random === null ? needed.text(number) : randomTexts.get(number)!
      if (text < 0) missing += await skipMissingMined(source, query.id, number, needed)
      // Texts of judged documents are positives, whatever their ids.
      else if (!positives.includes(text)) negatives.add(text)
    }
    if ((await overlap.query(query)) && training.overlap.drop) {
      dropped++
      continue
    }
    if (positives.length === 0 || !rule.takes(query.id, negatives.size)) continue
    const copies = copiesOf(spec.weight, training.seed, name, i)
    if (copies === 0) continue
    const { id, cutTokens } = await writer.text('query', query, task)
    lengths.add(query.id, cutTokens)
    for (let copy = 0; copy < copies; copy++) await writer.group(id, positives, [...negatives], null)
    taken += copies
  }
  if (training.loss.distill !== null)
    throw new FieldtrialError('DATA_INVALID', `${name} brings no teacher’s scores, which \`distill\` learns from.`, {
      hint: 'Name a file of `fieldtrial mine --cross-encoder` as the source, or leave `distill` out.',
    })
  return { read: queries.length, taken, skipped: rule.skipped, dropped, missing, cutQueries: lengths.cut }
}

function positiveQueries(queries: readonly Query[], qrels: Qrels): Query[] {
  return queries.filter(({ id }) => [...(qrels.get(id)?.values() ?? [])].some((grade) => grade > 0))
}

function relevant(qrels: Qrels, query: string): string[] {
  return [...qrels.get(query)!].filter(([, grade]) => grade > 0).map(([document]) => document)
}

async function readMinedOf(
  { spec, name, split }: CollectionSource,
  queries: readonly Query[],
  needed: Needed,
): Promise<Map<string, Int32Array>> {
  const wanted = new Set(queries.map(({ id }) => id))
  const found = new Map<string, Int32Array>()
  for await (const { queryId, negatives } of readMined(spec.negatives))
    if (wanted.has(queryId))
      found.set(
        queryId,
        Int32Array.from(negatives, (id) => needed.add(id)),
      )
  if (found.size > 0) return found
  throw new FieldtrialError(
    'DATA_INVALID',
    `${spec.negatives} has negatives for none of the queries of ${name} (${split}).`,
    {
      hint: 'Mine for the same collection and split: `fieldtrial mine COLLECTION --split train`.',
      where: { file: spec.negatives },
    },
  )
}

/** Numbers of documents by their place in the corpus, some for each query. */
async function chooseRandom({ collection, name }: CollectionSource, queries: number, { training, work }: Adding) {
  let documents = 0
  for await (const _ of collection.documents())
    if (++documents % 1000 === 0) {
      throwIfAborted(work.signal)
      work.onProgress?.({ step: 'count documents', subject: name, done: documents, unit: 'documents' })
    }
  const words = randomWords(training.seed)
  const next = () => (words.next() >>> 0) / 2 ** 32
  const count = Math.min(RANDOM_NEGATIVES, documents)
  const chosen = Int32Array.from({ length: queries * count }, () => Math.floor(next() * documents))
  return { wanted: new Set(chosen), of: (i: number) => new Set(chosen.subarray(i * count, (i + 1) * count)) }
}

/** One pass over the corpus, in which the documents that are needed become tokens. */
async function readCorpus(
  { collection, name, spec }: CollectionSource,
  needed: Needed,
  places: ReadonlySet<number> | null,
  { writer, task, overlap, work }: Adding,
): Promise<Map<number, number>> {
  const byPlace = new Map<number, number>()
  const textOf = async (item: EncoderItem) => {
    try {
      return (await writer.text('document', item, task)).id
    } catch (error) {
      if (error instanceof BrokenImage && spec.missing === 'skip') return -1
      throw error
    }
  }
  let place = -1
  for await (const document of collection.documents()) {
    if (++place % 256 === 0) {
      throwIfAborted(work.signal)
      work.onProgress?.({ step: 'make tokens', subject: name, done: place, unit: 'documents' })
    }
    const number = needed.find(document.id)
    const atRandom = places?.has(place) ?? false
    if (number < 0 && !atRandom) continue
    const item = documentItem(document)
    // One that is empty is as good as missing; of random ones there are others.
    const empty = item.text.trim() === '' && item.image === undefined
    const id = empty ? -1 : await textOf(item)
    if (number >= 0) {
      needed.set(number, id)
      if (number < needed.positives && id >= 0) await overlap.positive(item)
    }
    if (atRandom && id >= 0) byPlace.set(place, id)
  }
  return byPlace
}

function skipMissing({ spec, name }: CollectionSource, query: string, document: string, what: string): number {
  if (spec.missing === 'skip') return 1
  throw new FieldtrialError(
    'DATA_INVALID',
    `${name}: the ${what} ${document} of the query ${query} is not in the corpus, or has no text.`,
    { hint: 'Check that corpus and judgments belong together, or write `missing: skip` to do without such documents.' },
  )
}

/** A mined document is known by the hash of its id alone; the file is read again to name it. */
async function skipMissingMined(
  source: CollectionSource,
  query: string,
  number: number,
  needed: Needed,
): Promise<number> {
  if (source.spec.missing === 'skip') return 1
  for await (const { queryId, negatives } of readMined(source.spec.negatives))
    if (queryId === query)
      return skipMissing(source, query, negatives.find((id) => needed.find(id) === number) ?? '?', 'mined negative')
  return 1
}
