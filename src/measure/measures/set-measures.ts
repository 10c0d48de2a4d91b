import { type JudgedRanking, relevantCount, relevantRetrieved } from '../ranking.ts'

/** Share of what was retrieved that is relevant: trec_eval's `set_P`. 0 when nothing was retrieved. */
export function setPrecision(ranking: JudgedRanking, rel = 1): number {
  const retrieved = ranking.grades.length
  return retrieved === 0 ? 0 : relevantRetrieved(ranking, rel) / retrieved
}

/** Set precision over the best that a set of this size can have: trec_eval's `set_relative_P`. */
export function setRelativePrecision(ranking: JudgedRanking, rel = 1): number {
  const best = Math.min(ranking.grades.length, relevantCount(ranking.levels, rel))
  return best === 0 ? 0 : relevantRetrieved(ranking, rel) / best
}

/** Share of the relevant documents that were retrieved at all: trec_eval's `set_recall`. */
export function setRecall(ranking: JudgedRanking, rel = 1): number {
  const relevant = relevantCount(ranking.levels, rel)
  return relevant === 0 ? 0 : relevantRetrieved(ranking, rel) / relevant
}

/** Harmonic mean of set precision and set recall, (β + 1)·P·R / (β·P + R): trec_eval's `set_F`. */
export function setF(ranking: JudgedRanking, beta = 1, rel = 1): number {
  const p = setPrecision(ranking, rel)
  const r = setRecall(ranking, rel)
  return p === 0 || r === 0 ? 0 : ((beta + 1) * p * r) / (beta * p + r)
}

/** Set precision times set recall: trec_eval's `set_map`. */
export function setAveragePrecision(ranking: JudgedRanking, rel = 1): number {
  const retrieved = ranking.grades.length
  const relevant = relevantCount(ranking.levels, rel)
  if (retrieved === 0 || relevant === 0) return 0
  return relevantRetrieved(ranking, rel) ** 2 / (retrieved * relevant)
}

/** Relevant less non-relevant documents retrieved: trec_eval's `utility` with its default weights 1, −1, 0, 0. */
export function utility(ranking: JudgedRanking, rel = 1): number {
  const found = relevantRetrieved(ranking, rel)
  return found - (ranking.grades.length - found)
}
