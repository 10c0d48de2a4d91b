import { throwIfAborted } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { Qrels, Query, Run } from '../data/types.ts'
import type { PlannedCollection } from './plan.ts'
import type { CollectionEvidence, QueryEvidence, TrialResult } from './results.ts'

/** Enough to see why a query was won or lost, small enough that a report of ten collections opens at once. */
const EVIDENCE_LIMITS = { queries: 200, top: 10, relevant: 10, characters: 600, queryCharacters: 300 } as const

/**
 * The texts behind the numbers of one collection: the queries on which the retrievers differ most, their first documents and the relevant ones.
 *
 * @param readRun Gives the run of a trial that is done; asked for one at a time, since all of them may not fit into memory.
 * @param measure The measure by whose differences queries are chosen.
 */
export async function gatherEvidence(
  on: PlannedCollection,
  trials: readonly TrialResult[],
  readRun: (trial: TrialResult) => Promise<Run>,
  measure: string,
  work: LongWork = {},
): Promise<CollectionEvidence> {
  const queries = await on.collection.queries()
  const qrels = await on.collection.qrels()
  const chosen = chooseQueries(queries, trials, measure)
  const shown = chosen.map((query) => ({
    id: query.id,
    text: cutText(shownText(query), EVIDENCE_LIMITS.characters).text,
    relevant: firstRelevant(qrels.get(query.id)),
    ranks: {} as Record<string, (number | null)[]>,
    top: {} as Record<string, QueryEvidence['top'][string]>,
  }))
  for (const trial of trials) {
    const run = await readRun(trial)
    for (const query of shown) {
      const ids = run.get(query.id)?.ids ?? []
      query.top[trial.retriever] = firstDocuments(run, query.id, qrels.get(query.id))
      query.ranks[trial.retriever] = query.relevant.map(({ id }) => ids.indexOf(id) + 1 || null)
    }
  }
  const wanted = new Set(
    shown.flatMap((query) => [query.relevant, ...Object.values(query.top)].flat().map(({ id }) => id)),
  )
  const documents = new Map<string, { title: string; text: string; cut: boolean }>()
  if (wanted.size > 0) {
    let left = wanted.size
    let done = 0
    for await (const { id, title, ...contents } of on.collection.documents()) {
      if (++done % 1000 === 0) {
        throwIfAborted(work.signal)
        work.onProgress?.({
          step: 'gather texts for the report',
          subject: on.collection.name,
          done,
          total: on.summary.documents,
          unit: 'documents',
        })
      }
      if (!wanted.has(id)) continue
      documents.set(id, { title, ...cutText(shownText(contents), EVIDENCE_LIMITS.characters) })
      if (--left === 0) break
    }
  }
  return {
    collection: on.collection.name,
    queries: shown,
    queriesTotal: queries.length,
    queryTexts: Object.fromEntries(
      queries.map((query) => [query.id, cutText(shownText(query), EVIDENCE_LIMITS.queryCharacters).text]),
    ),
    documents: Object.fromEntries(documents),
  }
}

/** A picture is told by its path. */
function shownText({ text, image }: Pick<Query, 'text' | 'image'>): string {
  if (image === undefined) return text
  return [`[image ${image.path ?? ''}]`.replace(' ]', ']'), text].filter((part) => part !== '').join(' ')
}

/** Never cuts a character in two. */
function cutText(text: string, length: number): { text: string; cut: boolean } {
  return text.length > length ? { text: text.slice(0, length).toWellFormed(), cut: true } : { text, cut: false }
}

/** Highest grade first. */
function firstRelevant(judged: ReadonlyMap<string, number> | undefined): { id: string; grade: number }[] {
  return [...(judged ?? [])]
    .filter(([, grade]) => grade > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, EVIDENCE_LIMITS.relevant)
    .map(([id, grade]) => ({ id, grade }))
}

function firstDocuments(run: Run, query: string, judged: ReturnType<Qrels['get']>) {
  const ranking = run.get(query)
  if (!ranking) return []
  return ranking.ids
    .slice(0, EVIDENCE_LIMITS.top)
    .map((id, i) => ({ id, score: ranking.scores[i]!, grade: judged?.get(id) ?? null }))
}

/** All queries, or those with the largest spread between retrievers; in the order of the file either way. */
function chooseQueries(queries: readonly Query[], trials: readonly TrialResult[], measure: string): readonly Query[] {
  if (queries.length <= EVIDENCE_LIMITS.queries) return queries
  const done = trials.filter((t) => t.status === 'done')
  const spread = new Map(
    queries.map(({ id }) => {
      const values = done.map((t) => (Object.hasOwn(t.perQuery[measure] ?? {}, id) ? t.perQuery[measure]![id]! : 0))
      return [id, values.length === 0 ? 0 : Math.max(...values) - Math.min(...values)]
    }),
  )
  const kept = new Set(
    [...queries]
      .sort((a, b) => spread.get(b.id)! - spread.get(a.id)!)
      .slice(0, EVIDENCE_LIMITS.queries)
      .map((q) => q.id),
  )
  return queries.filter((q) => kept.has(q.id))
}
