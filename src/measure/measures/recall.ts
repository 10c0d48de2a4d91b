import { type JudgedRanking, relevantCount, relevantRetrieved } from '../ranking.ts'

/** Share of the relevant documents that are among the first `cutoff`: trec_eval's `recall`. 0 when there are none. */
export function recall(ranking: JudgedRanking, rel: number, cutoff: number): number {
  const relevant = relevantCount(ranking.levels, rel)
  return relevant === 0 ? 0 : relevantRetrieved(ranking, rel, cutoff) / relevant
}

/** 1 when a relevant document is among the first `cutoff`, else 0: trec_eval's `success`. */
export function success(ranking: JudgedRanking, rel: number, cutoff: number): number {
  return relevantRetrieved(ranking, rel, cutoff) > 0 ? 1 : 0
}
