import type { DatasetInfo } from '../registry/types.ts'
import type { PublishedBm25, PublishedFigure } from './types.ts'

/** What of a run decides whether its numbers can stand beside published ones. */
export interface TrialFacts {
  /** The known data set that the collection is taken for. */
  readonly dataset: Pick<DatasetInfo, 'id' | 'documents' | 'queries' | 'removeSelf'>
  /** Whether texts and judgments are those of the official package, by their hash; `unchecked` where no official hash is known. */
  readonly content: 'same' | 'different' | 'unchecked'
  readonly split: string
  readonly documents: number
  readonly queries: number
  readonly titles: 'keep' | 'omit'
  readonly removeSelf: boolean
  /** Queries kept by a smoke run; null for all of them. */
  readonly limit: number | null
  /** The collection is a sample of a larger one. */
  readonly sampled: boolean
  /** Canonical names. */
  readonly measures: readonly string[]
  readonly bm25: readonly Bm25Facts[]
}

/** A BM25 of the study, with every default filled in. */
export interface Bm25Facts {
  readonly id: string
  readonly variant: string
  readonly k1: number
  readonly b: number
  /** The analyzer's name; null for one with options of its own. */
  readonly analyzer: string | null
  readonly multifield: boolean
}

export type ReasonCode =
  | 'split'
  | 'documents'
  | 'queries'
  | 'counts-unknown'
  | 'content'
  | 'limit'
  | 'sample'
  | 'titles'
  | 'corpus'
  | 'prompts'
  | 'self'
  | 'bm25'
  | 'measure'
  | 'revision'
  | 'unverified'

/** Why two numbers must not be compared, in a clause without a full stop. */
export interface Reason {
  readonly code: ReasonCode
  readonly text: string
}

export interface Comparability {
  readonly comparable: boolean
  /** Empty where comparable; several may hold at once. */
  readonly reasons: readonly Reason[]
  /** For a BM25 figure: the study's BM25 retrievers with the very same parameters. */
  readonly counterparts: readonly string[]
}

/**
 * Holds a published figure against the run of a study. Only what is known to agree is comparable: an unknown counts as a difference,
 * since a wrong comparison costs more than a missing one.
 */
export function comparability(figure: PublishedFigure, facts: TrialFacts): Comparability {
  const counterparts = figure.protocol.bm25
    ? facts.bm25.filter((own) => sameBm25(own, figure.protocol.bm25!)).map(({ id }) => id)
    : []
  const reasons = [
    ...corpusReasons(facts),
    ...protocolReasons(figure, facts),
    ...(figure.kind === 'bm25' ? bm25Reasons(figure, facts, counterparts) : []),
    ...figureReasons(figure, facts),
  ]
  return { comparable: reasons.length === 0, reasons, counterparts }
}

/** What is wrong with the collection itself, whatever the figure. */
export function corpusReasons(facts: TrialFacts): Reason[] {
  const { dataset, documents, queries, limit, sampled, content } = facts
  if (limit !== null) return [{ code: 'limit', text: `a smoke run over ${plural(limit, 'query', 'queries')} here` }]
  const reasons: Reason[] = []
  if (sampled) reasons.push({ code: 'sample', text: 'a sample of the collection here' })
  if (dataset.documents === null || dataset.queries === null)
    reasons.push({ code: 'counts-unknown', text: `the official counts of ${dataset.id} are not known` })
  if (dataset.documents !== null && dataset.documents !== documents)
    reasons.push({
      code: 'documents',
      text: `another corpus: ${plural(documents, 'document')} here, ${count(dataset.documents)} in ${dataset.id}`,
    })
  if (dataset.queries !== null && dataset.queries !== queries)
    reasons.push({
      code: 'queries',
      text: `other queries: ${count(queries)} here, ${count(dataset.queries)} in ${dataset.id}`,
    })
  if (reasons.length === 0 && content === 'different')
    reasons.push({ code: 'content', text: `the texts or judgments are not those of ${dataset.id}, though as many` })
  return reasons
}

function protocolReasons({ split, protocol }: PublishedFigure, facts: TrialFacts): Reason[] {
  const reasons: Reason[] = []
  if (split !== facts.split) reasons.push({ code: 'split', text: `other split: ${split} there, ${facts.split} here` })
  if (protocol.titles === 'unknown')
    reasons.push({ code: 'titles', text: 'its source does not say whether titles were joined' })
  else if (protocol.titles !== facts.titles)
    reasons.push({
      code: 'titles',
      text: `other title rule: ${TITLE_WORDS[protocol.titles]} there, ${TITLE_WORDS[facts.titles]} here`,
    })
  if (protocol.corpus !== 'full') reasons.push({ code: 'corpus', text: CORPUS_WORDS[protocol.corpus] })
  if (protocol.prompts === 'unknown') reasons.push({ code: 'prompts', text: 'its prompts are not known' })
  // Elsewhere hardly any document has a query's id, and the rule changes nothing.
  if (facts.dataset.removeSelf && protocol.removeSelf !== facts.removeSelf)
    reasons.push({ code: 'self', text: selfWords(protocol.removeSelf, facts.removeSelf) })
  if (protocol.otherRevision) {
    const { theirs, current } = protocol.otherRevision
    reasons.push({
      code: 'revision',
      text: `measured on revision ${short(theirs)} of the data, which is now ${short(current)}`,
    })
  }
  return reasons
}

function bm25Reasons({ protocol }: PublishedFigure, facts: TrialFacts, counterparts: readonly string[]): Reason[] {
  const theirs = protocol.bm25
  if (theirs === undefined) return [{ code: 'bm25', text: 'its BM25 parameters are not stated' }]
  if (facts.bm25.length === 0 || counterparts.length > 0) return []
  const own =
    facts.bm25.length === 1 ? `, ${facts.bm25[0]!.id} has ${bm25Words(facts.bm25[0]!)}` : ', none here has them'
  return [{ code: 'bm25', text: `other BM25 parameters: ${bm25Words(theirs)}${own}` }]
}

function figureReasons(figure: PublishedFigure, facts: TrialFacts): Reason[] {
  const reasons: Reason[] = []
  if (!facts.measures.includes(figure.measure))
    reasons.push({ code: 'measure', text: `other measure: this study has no ${figure.measure}` })
  if (!figure.verified) reasons.push({ code: 'unverified', text: 'the figure was not checked at its source' })
  return reasons
}

function sameBm25(own: Bm25Facts, theirs: PublishedBm25): boolean {
  return (
    own.variant === theirs.variant &&
    own.k1 === theirs.k1 &&
    own.b === theirs.b &&
    own.analyzer === theirs.analyzer &&
    own.multifield === theirs.multifield
  )
}

function bm25Words({ variant, k1, b, analyzer, multifield }: Omit<Bm25Facts, 'id'> | PublishedBm25): string {
  return `${variant} k1=${k1} b=${b} ${analyzer ?? 'an analyzer of its own'}${multifield ? ' multifield' : ''}`
}

const TITLE_WORDS = { keep: 'title and text', omit: 'text alone' } as const

const CORPUS_WORDS = {
  pooled: 'its corpus is a pool of passages',
  sampled: 'its corpus is a sample',
  unknown: 'its corpus is not known',
} as const

function selfWords(theirs: boolean | 'unknown', own: boolean): string {
  if (theirs === 'unknown') return "its source does not say whether the query's own document was dropped"
  return `the query's own document is ${theirs ? 'dropped' : 'kept'} there and ${own ? 'dropped' : 'kept'} here`
}

const short = (revision: string) => revision.slice(0, 8)
const count = (value: number) => value.toLocaleString('en-US')
const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`
