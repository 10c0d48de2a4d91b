import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Query, Run } from '../../data/types.ts'
import { createAnalyzer } from '../text/index.ts'
import { Field } from './field.ts'
import { ImpactLists } from './impact-lists.ts'
import { type Documents, type IndexingWork, ingest } from './ingest.ts'
import {
  type Bm25Options,
  bm25Identity,
  givenOptions,
  type ResolvedBm25Options,
  resolveBm25Options,
} from './options.ts'
import { Pace } from './pace.ts'
import { queryTerms } from './query.ts'
import { mergeRanked, type Ranked } from './ranked.ts'
import { type Entry, SegmentScorer } from './score-segment.ts'
import { placeOfTerm, SEGMENT_DOCUMENTS, type Segment } from './segment.ts'
import { frequencyIn, mergeSegments, withoutDocuments } from './segment-edit.ts'
import { readIndex, writeIndex } from './storage.ts'
import { TermEncoder } from './term-encoder.ts'
import { separateTies } from './top-k.ts'
import { Vocabulary } from './vocabulary.ts'

/** Ranked documents of one query: `ids[i]` has `scores[i]`. */
export interface Hits {
  readonly ids: string[]
  readonly scores: Float64Array
}

export interface Bm25Stats {
  readonly documents: number
  /** Different terms in live documents. */
  readonly terms: number
  /** Pairs of term and document, over all fields. */
  readonly postings: number
  /** Mean length in terms, over all fields, of the documents that have any; 0 without documents. */
  readonly avgdl: number
  readonly fields: readonly { readonly name: string; readonly documents: number; readonly avgdl: number }[]
}

/** Why a document has its score. */
export interface Explanation {
  /** The score that `search` gives, before it sets ties apart; 0 if no term matches. */
  readonly score: number
  /** One per query term that the document has, in the order in which they are summed; `contribution`s add up to `score` (up to float32). */
  readonly terms: readonly {
    readonly term: string
    readonly field: string
    /** Occurrences in the query and in the document's field. */
    readonly queryFrequency: number
    readonly frequency: number
    /** Documents that have the term in this field. */
    readonly documentFrequency: number
    readonly idf: number
    /** Length of the document's field, in terms. */
    readonly length: number
    readonly contribution: number
  }[]
}

/** What the collection tells of a query's terms before anything is searched. */
export interface QueryStatistics {
  readonly documents: number
  /** Of all terms in all documents. */
  readonly occurrences: number
  /** One per different term of the query that a document has, in the query's order. */
  readonly terms: readonly {
    /** Occurrences in the query, and in all documents. */
    readonly queryFrequency: number
    readonly collectionFrequency: number
    /** Documents that have it; of an index of two fields, in the field where more have it. */
    readonly documentFrequency: number
  }[]
}

/**
 * A BM25 index in memory: built once, changed by `add` and `delete`, saved and loaded.
 *
 * The k best documents are exactly that: none is skipped that could be among them. Scores are float32 sums like
 * Lucene's. Documents of equal score are ranked by id ascending in bytes, and the later ones' scores are lowered to the
 * next float32, so that the order is kept by tools that sort again: trec_eval would turn ties round. Anserini does the
 * same, and on collections with repeated documents its figures cannot be had otherwise. Documents that share no term
 * with the query are never returned.
 */
export class Bm25Index {
  readonly options: ResolvedBm25Options
  readonly #vocabulary: Vocabulary
  readonly #encoder: TermEncoder
  readonly #fields: Field[]
  #segments: Segment[] = []
  /** Ids of all documents; made when first needed. */
  #ids: Set<string> | undefined
  /** Impacts by segment; forgotten when the collection's statistics change. */
  #lists = new Map<Segment, ImpactLists[]>()
  /** Occurrences in all documents, of terms that were asked for; forgotten likewise. */
  readonly #occurrences = new Map<number, number>()
  readonly #scorer = new SegmentScorer()
  /** Additions go one after another. */
  #adding: Promise<void> = Promise.resolve()

  private constructor(options: ResolvedBm25Options, vocabulary: Vocabulary, segments: readonly Segment[]) {
    this.options = options
    this.#vocabulary = vocabulary
    this.#encoder = new TermEncoder(createAnalyzer(options.analyzer), vocabulary)
    const { weights } = options
    this.#fields = options.multifield
      ? [new Field('title', weights.title), new Field('contents', weights.contents)]
      : [new Field('contents', 1)]
    for (const segment of segments) this.#take(segment)
  }

  /**
   * Builds an index.
   *
   * @throws FieldtrialError `USAGE` for bad options, `DATA_INVALID` for an id that comes twice, `CANCELLED`.
   */
  static async build(documents: Documents, options: Bm25Options = {}, work: IndexingWork = {}): Promise<Bm25Index> {
    const index = new Bm25Index(resolveBm25Options(options), new Vocabulary(), [])
    await index.add(documents, work)
    return index
  }

  /**
   * Loads what `save` wrote.
   *
   * @throws FieldtrialError `WORKSPACE_CORRUPT` naming the file that is damaged or absent, `WORKSPACE_VERSION`.
   */
  static async load(folder: string, work: LongWork = {}): Promise<Bm25Index> {
    const { options, terms, segments } = await readIndex(folder, work)
    const vocabulary = new Vocabulary()
    for (const term of terms) vocabulary.add(term)
    return new Bm25Index(options, vocabulary, segments)
  }

  /** Writes the index to a folder; whatever index is there before stays whole until this one is. */
  async save(folder: string, work: LongWork = {}): Promise<{ bytes: number }> {
    // Copies, so that what is added meanwhile does not get half in.
    const parts = { options: this.options, terms: this.#vocabulary.terms.slice(), segments: [...this.#segments] }
    return writeIndex(folder, parts, work)
  }

  /** Everything besides the documents that decides the scores. */
  get identity(): Json {
    return bm25Identity(givenOptions(this.options))
  }

  get stats(): Bm25Stats {
    const documents = this.#segments.reduce((sum, segment) => sum + segment.ids.length, 0)
    let terms = 0
    for (let term = 0; term < this.#vocabulary.size; term++)
      if (this.#fields.some((field) => field.documentFrequency(term) > 0)) terms++
    let withTerms = 0
    for (const { ids, fields } of this.#segments)
      for (let i = 0; i < ids.length; i++) if (fields.some(({ lengths }) => lengths[i]! > 0)) withTerms++
    const length = this.#fields.reduce((sum, field) => sum + field.length, 0)
    return {
      documents,
      terms,
      postings: this.#fields.reduce((sum, field) => sum + field.postings, 0),
      avgdl: withTerms === 0 ? 0 : length / withTerms,
      fields: this.#fields.map((field) => ({
        name: field.name,
        documents: field.documents,
        avgdl: field.documents === 0 ? 0 : field.length / field.documents,
      })),
    }
  }

  /**
   * Adds documents. All or none: if reading them fails, the index is as before.
   *
   * @throws FieldtrialError `DATA_INVALID` on an id that the index has or that comes twice, `CANCELLED`.
   */
  add(documents: Documents, work: IndexingWork = {}): Promise<void> {
    const added = this.#adding.then(() => this.#addNow(documents, work))
    // One that fails does not keep the next one from its turn.
    this.#adding = added.catch(() => {})
    return added
  }

  async #addNow(documents: Documents, work: IndexingWork): Promise<void> {
    this.#ids ??= new Set(this.#segments.flatMap((segment) => segment.ids))
    const { segments, ids } = await ingest(documents, this.#encoder, this.options.multifield, this.#ids, work)
    if (this.#ids.size === 0) this.#ids = ids
    else for (const id of ids) this.#ids.add(id)
    for (const segment of segments) this.#take(segment)
    this.#mergeSmall()
  }

  /**
   * Deletes documents: scores are from then on as if they had never been there.
   *
   * @throws FieldtrialError `DATA_MISSING` if one is not in the index; then none is deleted.
   */
  delete(ids: Iterable<string>): void {
    const gone = new Set(ids)
    const absent = new Set(gone)
    for (const segment of this.#segments) for (const id of segment.ids) absent.delete(id)
    if (absent.size > 0)
      throw new FieldtrialError('DATA_MISSING', `The index has no document "${absent.values().next().value}".`, {
        hint: 'Delete only documents that were added; nothing was deleted.',
      })
    if (gone.size === 0) return
    const segments = this.#segments
    this.#segments = []
    this.#lists.clear()
    this.#occurrences.clear()
    for (const segment of segments) {
      if (!segment.ids.some((id) => gone.has(id))) {
        this.#segments.push(segment)
        continue
      }
      for (let field = 0; field < this.#fields.length; field++) this.#fields[field]!.count(segment.fields[field]!, -1)
      const left = withoutDocuments(segment, (document) => gone.has(segment.ids[document]!))
      if (left.ids.length > 0) this.#take(left)
    }
    if (this.#ids !== undefined) for (const id of gone) this.#ids.delete(id)
    this.#mergeSmall()
  }

  /** Works out the impacts of all terms now; else each is worked out when it is first searched for. */
  prepare(): void {
    for (const segment of this.#segments)
      for (const [i, lists] of this.#listsOf(segment).entries()) {
        const field = this.#fields[i]!
        const similarity = field.similarity(this.options)
        const { terms } = lists.postings
        for (let place = 0; place < terms.length; place++)
          lists.prepare(place, similarity, similarity.idf(field.documentFrequency(terms[place]!)))
      }
  }

  /**
   * The `k` best documents for a query, best first; fewer if fewer have a term of it.
   *
   * @throws FieldtrialError `USAGE` unless k is a positive integer.
   */
  search(text: string, k: number): Hits {
    if (!Number.isSafeInteger(k) || k < 1)
      throw new FieldtrialError('USAGE', `A search cannot return ${k} documents.`, {
        hint: 'Give a whole number of at least 1.',
        where: { field: 'k' },
      })
    const { options } = this
    const terms = queryTerms(this.#encoder.encode(text, false), this.#fields, options)
    if (terms.length === 0) return { ids: [], scores: new Float64Array(0) }
    const similarities = this.#fields.map((field) => field.similarity(options))
    let floor = 0
    const work = this.#segments.map((segment) => {
      const all = this.#listsOf(segment)
      const entries: Entry[] = []
      for (const { field, term, idf, weight } of terms) {
        const lists = all[field]!
        const { offsets } = lists.postings
        const place = placeOfTerm(lists.postings.terms, term)
        if (place < 0) continue
        const most = weight * lists.prepare(place, similarities[field]!, idf)
        entries.push({ lists, start: offsets[place]!, end: offsets[place + 1]!, weight, most })
        // Where k documents get as much from one term alone, nothing below that can be among the best.
        floor = Math.max(floor, Math.fround(weight * lists.kthLargest(place, k)))
      }
      return entries
    })
    let ranked: Ranked | undefined
    for (let i = 0; i < work.length; i++) {
      const { ids } = this.#segments[i]!
      const found = this.#scorer.search(work[i]!, ids, Math.min(k, ids.length), floor)
      ranked = ranked === undefined ? found : mergeRanked(ranked, found, k)
      if (ranked.ids.length === k) floor = Math.max(floor, ranked.scores[k - 1]!)
    }
    if (ranked === undefined) return { ids: [], scores: new Float64Array(0) }
    separateTies(ranked.scores)
    return ranked
  }

  /** Searches for every query; lets the event loop have its turns, so that progress and cancelling work. */
  async searchAll(queries: readonly Query[], k: number, work: LongWork = {}): Promise<Run> {
    const pace = new Pace(work, { step: 'search', unit: 'queries', total: queries.length })
    const run: Run = new Map()
    for (const { id, text } of queries) {
      run.set(id, this.search(text, k))
      const rest = pace.step(run.size)
      if (rest !== undefined) await rest
    }
    pace.finish(run.size)
    return run
  }

  /** What is known of a query's terms. Looks at the list of each term once, then remembers its sum. */
  queryStatistics(text: string): QueryStatistics {
    const counts = new Map<number, number>()
    for (const term of this.#encoder.encode(text, false)) counts.set(term, (counts.get(term) ?? 0) + 1)
    const terms: QueryStatistics['terms'][number][] = []
    for (const [term, queryFrequency] of counts) {
      const documentFrequency = Math.max(...this.#fields.map((field) => field.documentFrequency(term)))
      if (documentFrequency > 0)
        terms.push({ queryFrequency, documentFrequency, collectionFrequency: this.#occurrencesOf(term) })
    }
    return {
      documents: this.#segments.reduce((sum, { ids }) => sum + ids.length, 0),
      occurrences: this.#fields.reduce((sum, { length }) => sum + length, 0),
      terms,
    }
  }

  #occurrencesOf(term: number): number {
    let sum = this.#occurrences.get(term)
    if (sum !== undefined) return sum
    sum = 0
    for (const { fields } of this.#segments)
      for (const { terms, offsets, frequencies } of fields) {
        const place = placeOfTerm(terms, term)
        if (place >= 0) for (let i = offsets[place]!; i < offsets[place + 1]!; i++) sum += frequencies[i]!
      }
    this.#occurrences.set(term, sum)
    return sum
  }

  /**
   * How a document's score for a query comes about.
   *
   * @throws FieldtrialError `DATA_MISSING` if the document is not in the index.
   */
  explain(text: string, documentId: string): Explanation {
    const segment = this.#segments.find(({ ids }) => ids.includes(documentId))
    if (segment === undefined)
      throw new FieldtrialError('DATA_MISSING', `The index has no document "${documentId}".`, {
        hint: 'Use an id as it stands in the collection.',
      })
    const document = segment.ids.indexOf(documentId)
    const terms: Explanation['terms'][number][] = []
    let sum = 0
    const query = queryTerms(this.#encoder.encode(text, false), this.#fields, this.options)
    for (const { field, term, idf, count, weight } of query) {
      const { name } = this.#fields[field]!
      const similarity = this.#fields[field]!.similarity(this.options)
      const postings = segment.fields[field]!
      const frequency = frequencyIn(postings, term, document)
      if (frequency === 0) continue
      const length = postings.lengths[document]!
      const contribution = weight * similarity.impact(idf, frequency, similarity.lengthCode(length))
      sum += contribution
      terms.push({
        term: this.#vocabulary.terms[term]!,
        field: name,
        queryFrequency: count,
        frequency,
        documentFrequency: this.#fields[field]!.documentFrequency(term),
        idf,
        length,
        contribution,
      })
    }
    return { score: Math.fround(sum), terms }
  }

  #listsOf(segment: Segment): ImpactLists[] {
    let lists = this.#lists.get(segment)
    if (lists === undefined) {
      lists = segment.fields.map((postings, i) => new ImpactLists(postings, this.#fields[i]!.similarity(this.options)))
      this.#lists.set(segment, lists)
    }
    return lists
  }

  /** Puts a segment's documents into the statistics and the search. */
  #take(segment: Segment): void {
    for (let field = 0; field < this.#fields.length; field++) this.#fields[field]!.count(segment.fields[field]!, 1)
    this.#segments.push(segment)
    this.#lists.clear()
    this.#occurrences.clear()
  }

  /** Keeps the number of segments small: many additions of a few documents cost a logarithm of copies each. */
  #mergeSmall(): void {
    const segments = this.#segments
    while (segments.length > 1) {
      const [a, b] = segments.slice(-2) as [Segment, Segment]
      if (a.ids.length >= 2 * b.ids.length || a.ids.length + b.ids.length > SEGMENT_DOCUMENTS) break
      segments.splice(-2, 2, mergeSegments(a, b))
    }
  }
}
