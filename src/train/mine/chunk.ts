import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Document, Query } from '../../data/index.ts'
import type { PlannedCollection } from '../../study/plan.ts'
import { addDrops, type Candidate, type Candidates, candidatesOf, interleave, type MinedQuery } from './candidates.ts'
import { type Chosen, choose } from './choose.ts'
import { type ContentKeys, textKeys } from './content.ts'
import { type HiddenOutcome, hiddenHalf, roundsOf } from './estimate.ts'
import { Opinions } from './filter.ts'
import type { MineOptions } from './mine.ts'
import { noStats, type PartStats, type Parts } from './parts.ts'
import { lineOf } from './record.ts'
import type { MiningRuns, Rankings } from './runs.ts'
import { keysOfDocuments, readDocuments } from './texts.ts'

/** A query with what its rankings gave. */
interface Prepared {
  readonly query: Query
  readonly grades: ReadonlyMap<string, number>
  readonly positives: readonly string[]
  readonly found: readonly Candidates[]
  readonly order: readonly Candidate[]
  readonly vetoed: number
  /** The same with half of the positives hidden, round by round. */
  readonly rounds: readonly Round[]
}

interface Round {
  readonly hidden: ReadonlySet<string>
  readonly order: readonly Candidate[]
  readonly within: number
}

/**
 * Mines the queries of one chunk, part by part: the corpus is read once for the hashes of all candidates, and once for the texts that are
 * written or shown to the filter.
 *
 * @param first Number of the chunk's first part.
 */
export async function mineChunk(
  chunk: PlannedCollection,
  options: MineOptions & { readonly part: number },
  runs: MiningRuns,
  parts: Parts,
  first: number,
  work: LongWork,
): Promise<PartStats[]> {
  const queries = await chunk.collection.queries()
  const count = Math.ceil(queries.length / options.part)
  const made = await Promise.all(Array.from({ length: count }, (_, i) => parts.stats(first + i)))
  if (made.every((stats) => stats !== null)) return made
  const rankings = await runs.rankings(chunk)
  const qrels = await chunk.collection.qrels()
  const left = queries.filter((_, i) => made[Math.floor(i / options.part)] === null)
  const keys = await keysOfDocuments(chunk, documentsWithin(left, qrels, rankings, options), work)
  const prepared = new Map(
    left.map((query) => [query.id, prepare(query, qrels.get(query.id)!, rankings, keys, chunk, options)]),
  )
  const documents = await readDocuments(chunk, documentsNeeded([...prepared.values()], options), work)
  const all: PartStats[] = []
  let done = queries.length - left.length
  for (let i = 0; i < count; i++) {
    const known = made[i]
    if (known) {
      all.push(known)
      continue
    }
    const stats = noStats()
    let lines = ''
    for (const { id } of queries.slice(i * options.part, (i + 1) * options.part)) {
      throwIfAborted(work.signal)
      lines += await mineQuery(prepared.get(id)!, documents, options, stats, work.signal)
      done++
      const step = options.filter === null ? 'choose negatives' : 'filter negatives'
      work.onProgress?.({ step, subject: chunk.collection.name, done, total: queries.length, unit: 'queries' })
    }
    await parts.write(first + i, lines, stats)
    all.push(stats)
  }
  return all
}

/** Documents whose texts are compared: those within the windows, and positives. */
function documentsWithin(
  queries: readonly Query[],
  qrels: ReadonlyMap<string, ReadonlyMap<string, number>>,
  rankings: Rankings,
  { rules }: MineOptions,
): Set<string> {
  const wanted = new Set<string>()
  for (const { id } of queries) {
    for (const [document, grade] of qrels.get(id)!) if (grade >= rules.positiveGrade) wanted.add(document)
    for (const rankedFor of rankings.values())
      for (const document of rankedFor(id).ranking.ids.slice(rules.from - 1, rules.to)) wanted.add(document)
  }
  return wanted
}

function prepare(
  query: Query,
  grades: ReadonlyMap<string, number>,
  rankings: Rankings,
  keys: ReadonlyMap<string, ContentKeys>,
  { collection }: PlannedCollection,
  options: MineOptions,
): Prepared {
  const { rules } = options
  const graded = (from: number, below: number) =>
    [...grades].filter(([, grade]) => grade >= from && grade < below).map(([id]) => id)
  const positives = graded(rules.positiveGrade, Number.POSITIVE_INFINITY).filter((id) => keys.has(id))
  const asked: MinedQuery = {
    id: query.id,
    keys: textKeys(query.text),
    positives: new Set(positives),
    between: new Set(graded(1, rules.positiveGrade)),
    removeSelf: collection.removeSelf,
  }
  const keysOf = (id: string) => keys.get(id)
  const candidates = (of: MinedQuery) =>
    [...rankings].map(([retriever, rankedFor]) => {
      const { ranking, rest } = rankedFor(query.id)
      return candidatesOf(of, ranking, retriever, rules, keysOf, rest)
    })
  const found = candidates(asked)
  const { order, vetoed } = interleave(found, keysOf)
  const take = options.filter === null ? rules.negatives : options.shortlist
  const rounds: Round[] = []
  if (options.estimate && positives.length > 1)
    for (let round = 0; round < roundsOf(options.filter !== null); round++) {
      const hidden = hiddenHalf(rules.seed, round, query.id, positives)
      const visible = new Set(positives.filter((id) => !hidden.has(id)))
      const blind = interleave(candidates({ ...asked, positives: visible }), keysOf)
      const within = [...hidden].filter((id) =>
        found.some(({ positives: placed }) => {
          const rank = placed.get(id)?.rank ?? 0
          return rank >= rules.from && rank <= rules.to
        }),
      ).length
      rounds.push({ hidden, order: blind.order.slice(0, take), within })
    }
  return { query, grades, positives, found, order: order.slice(0, take), vetoed, rounds }
}

/** Documents whose texts are written, or shown to the filter. */
function documentsNeeded(prepared: readonly Prepared[], { filter }: MineOptions): Set<string> {
  const needed = new Set<string>()
  for (const { positives, order, rounds } of prepared) {
    for (const id of positives) needed.add(id)
    for (const { id } of order) needed.add(id)
    if (filter !== null) for (const round of rounds) for (const { id } of round.order) needed.add(id)
  }
  return needed
}

/** The query's line, or nothing; what happened is added to the statistics. */
async function mineQuery(
  { query, grades, positives, found, order, vetoed, rounds }: Prepared,
  documents: ReadonlyMap<string, Document>,
  { rules, filter }: MineOptions,
  stats: PartStats,
  signal: AbortSignal | undefined,
): Promise<string> {
  stats.queries++
  for (const { drops } of found) addDrops(stats.drops, drops)
  if (vetoed > 0) addDrops(stats.drops, { vetoed })
  if (positives.length === 0) {
    stats.withoutPositive++
    return ''
  }
  const opinions = filter === null ? null : new Opinions(filter, query, documents)
  const asking = (of: readonly string[]) =>
    filter === null || opinions === null ? null : { filter, opinions, positives: of }
  const { chosen, drops } = await choose(order, rules.negatives, asking(positives), signal)
  addDrops(stats.drops, drops)
  if (rounds.length > 0) {
    const outcome = { mined: 0, wrong: 0, within: 0 }
    for (const { hidden, order: blind, within } of rounds) {
      const visible = positives.filter((id) => !hidden.has(id))
      const mined = (await choose(blind, rules.negatives, asking(visible), signal)).chosen
      outcome.mined += mined.length
      outcome.wrong += mined.filter(({ id }) => hidden.has(id)).length
      outcome.within += within
    }
    stats.outcomes.push(outcome satisfies HiddenOutcome)
    stats.hiddenShares.push(rounds[0]!.hidden.size / positives.length)
  }
  if (chosen.length === 0) {
    stats.withoutNegatives++
    if (found.some(({ positiveUnfound }) => positiveUnfound)) stats.positiveUnfound++
    return ''
  }
  count(stats, chosen, positives.length, grades, rules.negatives)
  const teachers = filter?.scoresPositives === true ? await opinions!.of(positives, signal) : positives.map(() => null)
  return lineOf(
    query,
    positives.map((id, i) => ({
      document: documents.get(id)!,
      grade: grades.get(id)!,
      placed: found.flatMap(({ positives: placed }) => placed.get(id) ?? [])[0] ?? null,
      teacher: teachers[i]!,
    })),
    chosen.map((negative) => ({ ...negative, document: documents.get(negative.id)!, grade: grades.get(negative.id) })),
  )
}

function count(
  stats: PartStats,
  chosen: readonly Chosen[],
  positives: number,
  grades: ReadonlyMap<string, number>,
  wanted: number,
): void {
  stats.written++
  if (chosen.length < wanted) stats.fewer++
  stats.positives += positives
  stats.negatives += chosen.length
  for (const { id, retriever } of chosen) {
    stats.byRetriever[retriever] = (stats.byRetriever[retriever] ?? 0) + 1
    if (grades.has(id)) stats.judgedNegatives++
  }
}
