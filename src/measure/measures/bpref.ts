import { type JudgedRanking, nonRelevantCount, relevantCount } from '../ranking.ts'

/**
 * Binary preference: for each relevant document, the share of the first R judged non-relevant ones that it stands above;
 * unjudged documents are passed over. trec_eval's `bpref`. Buckley and Voorhees, "Retrieval evaluation with incomplete
 * information", SIGIR 2004.
 */
export function bpref(ranking: JudgedRanking, rel = 1): number {
  const relevant = relevantCount(ranking.levels, rel)
  if (relevant === 0) return 0
  const bound = Math.min(nonRelevantCount(ranking.levels, rel), relevant)
  let nonRelevant = 0
  let sum = 0
  for (const grade of ranking.grades) {
    if (grade < 0) continue
    if (grade < rel) nonRelevant++
    else sum += nonRelevant === 0 ? 1 : 1 - Math.min(nonRelevant, relevant) / bound
  }
  return sum / relevant
}
