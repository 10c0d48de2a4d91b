import type { QueryStatistics } from '../../index/bm25/index.ts'

/** What a collection's statistics tell of a query's terms before anything is searched. */
export const TERM_FEATURES = ['max IDF', 'mean IDF', 'max SCQ', 'mean SCQ', 'simplified clarity'] as const

/**
 * Predictors of how well a query can be answered by its words, in the order of {@link TERM_FEATURES}; all 0 where no document has any of its terms:
 *
 * - IDF, ln(N / df), the largest (Scholer, Williams and Turpin, JASIST 55, 2004) and the mean over the query's terms (Cronen-Townsend, Zhou and
 *   Croft, SIGIR 2002): how rare the words are;
 * - SCQ, (1 + ln cf) · ln(1 + N / df), how much the collection has of a word beside how rare it is (Zhao, Scholer and Tsegay, ECIR 2008);
 * - simplified clarity, Σ P(t|q) · log₂(P(t|q) / P(t|collection)), how far the query's words are from the collection's (He and Ounis, SPIRE 2004).
 *
 * N is the number of documents, df that of those with the term, cf its occurrences in all. Compared by Hauff, Hiemstra and de Jong (CIKM 2008).
 */
export function termFeatures({ documents, occurrences, terms }: QueryStatistics): number[] {
  if (terms.length === 0) return TERM_FEATURES.map(() => 0)
  const idf = terms.map(({ documentFrequency }) => Math.log(documents / documentFrequency))
  const scq = terms.map(
    ({ documentFrequency, collectionFrequency }) =>
      (1 + Math.log(collectionFrequency)) * Math.log(1 + documents / documentFrequency),
  )
  const all = terms.reduce((sum, { queryFrequency }) => sum + queryFrequency, 0)
  const share = terms.map(({ queryFrequency }) => queryFrequency / all)
  const mean = (values: readonly number[]) => values.reduce((sum, value, i) => sum + share[i]! * value, 0)
  const clarity = terms.map(({ collectionFrequency }, i) => Math.log2((share[i]! * occurrences) / collectionFrequency))
  return [Math.max(...idf), mean(idf), Math.max(...scq), mean(scq), mean(clarity)]
}
