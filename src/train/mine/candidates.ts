import type { Ranking } from '../../data/types.ts'
import { type ContentKeys, drawOrder } from './content.ts'
import { type Against, hasMargin, type MiningRules } from './rules.ts'

/** Why a document within the window became no negative. */
const DROPS = [
  'positive',
  'between-grades',
  'self',
  'absent',
  'empty',
  'same-text',
  'near-same-text',
  'margin',
  'max-score',
  'repeated',
  'vetoed',
  'filter',
  'unclear',
] as const
export type Drop = (typeof DROPS)[number]
export type Drops = Partial<Record<Drop, number>>

/** A place in a retriever's ranking. */
export interface Placed {
  readonly rank: number
  readonly score: number
}

/** A document that may become a negative. */
export interface Candidate extends Placed {
  readonly id: string
  readonly retriever: string
}

/** What is known of a query when its negatives are chosen. */
export interface MinedQuery {
  readonly id: string
  /** Keys of its own text. */
  readonly keys: ContentKeys
  /** Documents that answer it, as far as the miner is to know. */
  readonly positives: ReadonlySet<string>
  /** Documents that answer it in part: no positives and no negatives. */
  readonly between: ReadonlySet<string>
  /** Whether the document with the query's own id is the query itself. */
  readonly removeSelf: boolean
}

export interface Candidates {
  /** In the order in which they are taken: by rank, or as drawn. */
  readonly kept: readonly Candidate[]
  /** Of the documents within the window. */
  readonly drops: Drops
  /** Those that stood too near to the positive. */
  readonly tooNear: ReadonlySet<string>
  /** Where the retriever ranks the positives that it found. */
  readonly positives: ReadonlyMap<string, Placed>
  /** There was a margin and no positive's score to measure it from: no document can be shown to be below it. */
  readonly positiveUnfound: boolean
}

/**
 * The documents of one ranking that may become negatives of a query. Pure.
 *
 * A positive beyond the ranking's end has a lower score than all that is in it, but nobody knows how much lower. So where candidates are
 * compared with the worst positive, or none was found at all, none can be shown to be below it, and all are left out. The mean is that of the
 * positives whose scores are known.
 *
 * @param ranking Best first.
 * @param rest Score of all documents beyond the ranking's end, where it is known: 0 for BM25 when no document with a word of the query is
 *   left. Null: unknown.
 * @param keysOf Undefined for documents that the corpus lacks.
 */
export function candidatesOf(
  query: MinedQuery,
  ranking: Ranking,
  retriever: string,
  rules: MiningRules,
  keysOf: (document: string) => ContentKeys | undefined,
  rest: number | null = null,
): Candidates {
  const positives = new Map<string, Placed>()
  for (const [place, id] of ranking.ids.entries())
    if (query.positives.has(id)) positives.set(id, { rank: place + 1, score: ranking.scores[place]! })
  const limit = limitOf(query, positives, rules, rest)
  const own = new Set([...query.positives].flatMap((id) => keysOf(id)?.exact ?? []))
  const ownNear = new Set([...query.positives].flatMap((id) => keysOf(id)?.near || []))
  const drops: Drops = {}
  const kept: Candidate[] = []
  const tooNear = new Set<string>()
  const seen = new Set<number>()
  for (let place = rules.from - 1; place < Math.min(rules.to, ranking.ids.length); place++) {
    const id = ranking.ids[place]!
    const score = ranking.scores[place]!
    const drop = dropOf(id, score)
    if (drop === null) kept.push({ id, score, rank: place + 1, retriever })
    else drops[drop] = (drops[drop] ?? 0) + 1
  }
  if (rules.sample === 'random') {
    const draw = new Map(kept.map(({ id }) => [id, drawOrder(rules.seed, query.id, id)]))
    kept.sort((a, b) => draw.get(a.id)! - draw.get(b.id)! || a.rank - b.rank)
  }
  return { kept, drops, tooNear, positives, positiveUnfound: limit === Number.NEGATIVE_INFINITY }

  function dropOf(id: string, score: number): Drop | null {
    if (query.positives.has(id)) return 'positive'
    if (query.between.has(id)) return 'between-grades'
    if (query.removeSelf && id === query.id) return 'self'
    const keys = keysOf(id)
    if (keys === undefined) return 'absent'
    if (keys.exact === 0) return 'empty'
    if (keys.near !== 0 && keys.near === query.keys.near) return 'self'
    if (own.has(keys.exact)) return 'same-text'
    if (ownNear.has(keys.near)) return 'near-same-text'
    if (score > limit) {
      tooNear.add(id)
      return 'margin'
    }
    if (rules.maxScore !== null && score > rules.maxScore) {
      tooNear.add(id)
      return 'max-score'
    }
    // Of several documents with one text, one is enough.
    if (keys.near !== 0 && seen.has(keys.near)) return 'repeated'
    if (keys.near !== 0) seen.add(keys.near)
    return null
  }
}

/** The highest score that a candidate may have; -∞ where there is a margin but no score to measure it from. */
function limitOf(
  query: MinedQuery,
  positives: ReadonlyMap<string, Placed>,
  rules: MiningRules,
  rest: number | null,
): number {
  if (!hasMargin(rules)) return Number.POSITIVE_INFINITY
  const scores = [...positives.values()].map(({ score }) => score)
  if (rest !== null) for (let i = scores.length; i < query.positives.size; i++) scores.push(rest)
  if (scores.length === 0 || (rules.against === 'worst' && scores.length < query.positives.size))
    return Number.NEGATIVE_INFINITY
  return belowPositive(referenceScore(scores, rules.against), rules)
}

/** @param scores Of a query's positives; at least one. */
export function referenceScore(scores: readonly number[], against: Against): number {
  if (against === 'best') return Math.max(...scores)
  if (against === 'worst') return Math.min(...scores)
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}

/** The positive's score less the margins. The relative one is a share of its size, so that scores below zero are handled alike. */
export function belowPositive(
  positive: number,
  { absoluteMargin, relativeMargin }: Pick<MiningRules, 'absoluteMargin' | 'relativeMargin'>,
): number {
  return Math.min(positive - (absoluteMargin ?? 0), positive - Math.abs(positive) * (relativeMargin ?? 0))
}

/**
 * The candidates of several retrievers in turn, each text once, without those that stood too near to the positive for any of them.
 *
 * @returns The order in which negatives are taken, and how many were left out because another retriever had them too near.
 */
export function interleave(
  found: readonly Candidates[],
  keysOf: (document: string) => ContentKeys | undefined,
): { order: Candidate[]; vetoed: number } {
  const taken = new Set<string>()
  const texts = new Set<number>()
  const order: Candidate[] = []
  const vetoed = new Set<string>()
  const longest = Math.max(0, ...found.map(({ kept }) => kept.length))
  for (let i = 0; i < longest; i++)
    for (const { kept } of found) {
      const candidate = kept[i]
      if (candidate === undefined || taken.has(candidate.id)) continue
      if (found.some(({ tooNear }) => tooNear.has(candidate.id))) {
        vetoed.add(candidate.id)
        continue
      }
      taken.add(candidate.id)
      const near = keysOf(candidate.id)?.near ?? 0
      if (near !== 0 && texts.has(near)) continue
      texts.add(near)
      order.push(candidate)
    }
  return { order, vetoed: vetoed.size }
}

export function addDrops(sum: Drops, more: Drops): void {
  for (const drop of DROPS) if (more[drop] !== undefined) sum[drop] = (sum[drop] ?? 0) + more[drop]
}
