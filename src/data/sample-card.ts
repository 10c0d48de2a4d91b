import { basename } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import type { Json } from '../core/fingerprint.ts'
import { type ByteSource, readContent } from './byte-source.ts'
import type { Finding } from './types.ts'

/** The file that says that a folder holds a sample. */
export const SAMPLE_CARD = 'sample.json'
export const SAMPLE_FORMAT = 'fieldtrial-sample'
/** Raised when a reader of older cards would misread one. */
export const SAMPLE_VERSION = 1

/** Where a sample comes from, how it was drawn, and what that does to scores; lies as `sample.json` beside the corpus. */
export interface SampleCard {
  readonly format: typeof SAMPLE_FORMAT
  readonly version: typeof SAMPLE_VERSION
  readonly fieldtrial: string
  /** The collection that it was drawn from. */
  readonly source: {
    /** As the user named it. */
    readonly given: string
    readonly name: string
    readonly split: string
    readonly documents: number
    readonly queries: number
    readonly judgments: number
    readonly removeSelf: boolean
    readonly corpusHash: string
    readonly queriesHash: string
    readonly qrelsHash: string
  }
  /** All that decides which documents and queries it holds. */
  readonly options: { readonly [key: string]: Json }
  readonly documents: SampleCounts
  /** Split → queries kept, of how many. */
  readonly splits: { readonly [split: string]: { readonly queries: number; readonly of: number } }
  /** What sampling does to scores; null where it was not measured. */
  readonly bias: SampleBias | null
}

export interface SampleCounts {
  readonly total: number
  /** Judged for a query that was kept. */
  readonly judged: number
  /** Not judged, but among the first results of a retriever. */
  readonly hard: number
  /** Neither; drawn by chance. */
  readonly random: number
  /** Retriever → how many of the judged and hard documents it found, of how many different ones. */
  readonly found: { readonly [retriever: string]: { readonly kept: number; readonly of: number } }
  /** Rank down to which all results were kept; null where there was room for all. */
  readonly hardRank: number | null
}

export interface SampleBias {
  /** Queries that were kept; both sides are measured over these. */
  readonly queries: number
  readonly measures: { readonly [measure: string]: MeasureBias }
}

export interface MeasureBias {
  readonly retrievers: readonly RetrieverBias[]
  readonly ranking: RankingKept
}

export interface RetrieverBias {
  readonly id: string
  /**
   * `measured`: run over the whole collection. `estimated`: extrapolated from samples of several sizes, since it was not run over the
   * whole.
   */
  readonly how: 'measured' | 'estimated'
  /** Mean over the kept queries on the whole collection. */
  readonly whole: number
  /** The same on the sample. */
  readonly sample: number
  /** sample − whole: by how much the sample flatters. */
  readonly bias: number
  /** How much queries differ in it; null where it is estimated. */
  readonly spread: BiasSpread | null
  /** Documents of nested samples and the score on each; null where it was measured. */
  readonly points: readonly { readonly documents: number; readonly value: number }[] | null
  /** Queries whose run, cut down to the sample, has fewer documents than the measure looks at: their value is a lower bound. */
  readonly short: number
}

export interface BiasSpread {
  /** Standard deviation of the difference over queries. */
  readonly sd: number
  /** 5th and 95th percentile. */
  readonly p5: number
  readonly p95: number
  /** Share of queries whose value changes. */
  readonly changed: number
}

/** Whether the sample ranks retrievers as the whole does. */
export interface RankingKept {
  /** Kendall's tau-b between the two rankings; null for fewer than two retrievers or where all tie. */
  readonly tau: number | null
  readonly pairs: number
  /** Pairs in the opposite order. */
  readonly swapped: number
  /** The swapped pair that differs most on the whole. */
  readonly largest: {
    readonly better: string
    readonly worse: string
    /** better − worse on the whole, above 0, and on the sample, below 0. */
    readonly whole: number
    readonly sample: number
  } | null
  /**
   * Pairs that differ significantly on the whole (paired t-test, Holm over all pairs, 0.05), and those of them that keep their order;
   * null where something is estimated.
   */
  readonly significant: { readonly pairs: number; readonly kept: number } | null
}

/** A card, and where it lies. */
export interface FoundCard {
  readonly card: SampleCard
  readonly source: ByteSource
}

/**
 * The card among the files of a collection; null for one that is no sample. Other files of that name are left alone.
 *
 * @throws FieldtrialError `DATA_INVALID` for a card that is damaged or of a newer fieldtrial: its folder must not pass for a whole collection.
 */
export async function readSampleCard(files: ReadonlyMap<string, ByteSource>): Promise<FoundCard | null> {
  const path = [...files.keys()].find((name) => basename(name) === SAMPLE_CARD)
  if (path === undefined) return null
  const source = files.get(path)!
  const pieces: Buffer[] = []
  for await (const piece of readContent(source)) pieces.push(piece)
  const refuse = (what: string, hint: string, cause?: unknown) =>
    new FieldtrialError('DATA_INVALID', `${source.label} ${what}.`, { hint, where: { file: source.label }, cause })
  let card: Partial<SampleCard> | null
  try {
    card = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Partial<SampleCard> | null
  } catch (cause) {
    throw refuse('is not JSON', 'Make the sample again, or remove the file if it is no card of a sample.', cause)
  }
  if (card?.format !== SAMPLE_FORMAT) return null
  if (card.version !== SAMPLE_VERSION)
    throw refuse('is the card of a sample in a form that is not known here', 'Update fieldtrial.')
  if (typeof card.documents?.total !== 'number' || typeof card.source?.documents !== 'number')
    throw refuse('is a card without counts', 'Make the sample again.')
  return { card: card as SampleCard, source }
}

/** What the reader of any number over a sample must know. */
export function sampledFinding({ source, documents, splits, bias }: SampleCard, split: string): Finding {
  const count = (n: number) => n.toLocaleString('en-US')
  const queries = splits[split]
  const some =
    queries !== undefined && queries.queries < queries.of
      ? ` and ${count(queries.queries)} of ${count(queries.of)} queries`
      : ''
  const made = [
    `${count(documents.judged)} judged`,
    `${count(documents.hard)} hard`,
    `${count(documents.random)} random`,
  ].join(', ')
  return {
    code: 'collection.sampled',
    level: 'warning',
    count: documents.total,
    of: source.documents,
    message: `A sample, not to be compared with published figures: ${count(documents.total)} of ${count(source.documents)} documents of ${source.name} (${made})${some}.${biasWords(bias)}${donorWords(documents)}`,
    examples: [],
  }
}

/** What misleads an encoder is not what misleads BM25. */
function donorWords({ hard, found }: SampleCounts): string {
  return hard > 0 && Object.keys(found).every((name) => /^bm25\b/.test(name))
    ? " Its distractors are BM25's alone: encoders come out too well beside BM25."
    : ''
}

function biasWords(bias: SampleBias | null): string {
  const [measure, found] = Object.entries(bias?.measures ?? {})[0] ?? []
  const first = found?.retrievers[0]
  if (measure === undefined || first === undefined) return ' How far its scores are off was not measured.'
  const { tau, pairs, swapped } = found!.ranking
  const whole = `${first.whole.toFixed(4)} on the whole${first.how === 'estimated' ? ' (an estimate)' : ''}`
  const order =
    tau === null
      ? ''
      : `; ${swapped === 0 ? 'the order of' : `${swapped} of ${pairs} pairs change places among`} ${found!.retrievers.length} retrievers${swapped === 0 ? ' is kept' : ''} (Kendall's tau ${tau.toFixed(2)})`
  return ` ${measure} of ${first.id} is ${first.sample.toFixed(4)} here and ${whole}${order}.`
}
