import { rankOrder } from '../data/id-order.ts'
import { requireSound } from '../data/sound-ranking.ts'
import type { Qrels, Ranking, Run } from '../data/types.ts'
import type { Measure } from './parse.ts'
import { gradeLevels, type JudgedRanking, NOT_GRADED, UNJUDGED } from './ranking.ts'

export interface EvaluateOptions {
  /** Queries that have judgments but no results count as empty rankings, as with `trec_eval -c`; otherwise they are left out. Default true. */
  readonly complete?: boolean
  /** Drop a document whose id is the query's, as BEIR does for ArguAna and Quora. Default false. */
  readonly removeSelf?: boolean
}

export interface Evaluation {
  /** Measure → query → value, for each query that counts, in the order of the judgments. */
  readonly perQuery: Map<string, Map<string, number>>
  /** Measure → mean over these queries (the sum for NumQ, NumRet, NumRel and NumRelRet; the geometric mean for gm_map). Null without any query. */
  readonly mean: Map<string, number | null>
  /** Number of queries that count. */
  readonly queries: number
  /** Judged, but not in the run. */
  readonly missing: string[]
  /** In the run, but without judgments: left out, as trec_eval does. */
  readonly unjudged: string[]
}

/**
 * Measures a run as trec_eval does: scores are held as 32-bit floats, ties go to the higher id (bytes), the order of the
 * lines and their ranks are ignored, documents without judgment are not relevant. Queries whose judgments name no
 * relevant document count with the value 0, as in trec_eval (BEIR's files hold none; some tools leave them out instead).
 *
 * @throws FieldtrialError `DATA_INVALID` for a document that stands twice in a ranking, a score that is NaN, and a
 * ranking with more ids than scores.
 */
export function evaluate(
  qrels: Qrels,
  run: Run,
  measures: readonly Measure[],
  options: EvaluateOptions = {},
): Evaluation {
  const complete = options.complete ?? true
  const columns = measures.map(() => new Map<string, number>())
  const missing: string[] = []
  let queries = 0
  for (const [query, judgments] of qrels) {
    if (judgments.size === 0) continue
    const results = run.get(query)
    if (!results) missing.push(query)
    if (!results && !complete) continue
    queries++
    const ranking = judge(query, results ?? EMPTY, judgments, options.removeSelf ?? false)
    for (let m = 0; m < measures.length; m++) columns[m]!.set(query, measures[m]!.compute(ranking))
  }
  const unjudged = [...run.keys()].filter((query) => !((qrels.get(query)?.size ?? 0) > 0))
  return {
    perQuery: new Map(measures.map((measure, m) => [measure.name, columns[m]!])),
    mean: new Map(measures.map((measure, m) => [measure.name, aggregate(measure, columns[m]!)])),
    queries,
    missing,
    unjudged,
  }
}

const EMPTY: Ranking = { ids: [], scores: new Float64Array(0) }

/** The value of a measure over queries: see `Evaluation.mean`. */
export function aggregate(measure: Measure, values: ReadonlyMap<string, number>): number | null {
  if (values.size === 0) return null
  let sum = 0
  for (const value of values.values()) sum += value
  if (measure.aggregate === 'sum') return sum
  const mean = sum / values.size
  return measure.aggregate === 'geometric-mean' ? Math.exp(mean) : mean
}

/** One query's results with their grades, in trec_eval's order. */
export function judge(
  query: string,
  results: Ranking,
  judgments: ReadonlyMap<string, number>,
  removeSelf: boolean,
): JudgedRanking {
  const { ids, scores } = results
  requireSound(query, results)
  const order = rankOrder(ids, scores, 'float32')
  const grades = new Int32Array(ids.length)
  let length = 0
  for (let rank = 0; rank < ids.length; rank++) {
    const id = ids[order === null ? rank : order[rank]!]!
    if (removeSelf && id === query) continue
    const grade = judgments.get(id)
    grades[length++] = grade === undefined ? UNJUDGED : grade < 0 ? NOT_GRADED : grade
  }
  return { grades: length === grades.length ? grades : grades.subarray(0, length), levels: gradeLevels(judgments) }
}
