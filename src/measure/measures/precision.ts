import { type JudgedRanking, relevantCount, relevantRetrieved } from '../ranking.ts'

/** Relevant documents among the first `cutoff`, over `cutoff` also when fewer were retrieved, as trec_eval's `P`. */
export function precision(ranking: JudgedRanking, rel: number, cutoff: number): number {
  return relevantRetrieved(ranking, rel, cutoff) / cutoff
}

/** Precision at R, the number of relevant documents: trec_eval's `Rprec`. 0 when there are none. */
export function rPrecision(ranking: JudgedRanking, rel = 1): number {
  const relevant = relevantCount(ranking.levels, rel)
  return relevant === 0 ? 0 : relevantRetrieved(ranking, rel, relevant) / relevant
}
