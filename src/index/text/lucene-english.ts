import { lowerCase } from './lower-case.ts'

/** Lucene's EnglishPossessiveFilter: takes 's off the end, whichever apostrophe and case. */
const POSSESSIVE = /['’＇][sS]$/

/** The chain of Lucene's EnglishAnalyzer after the tokenizer: possessive, lower case, stop words, stem. */
export function luceneEnglishTerms(
  stopWords: ReadonlySet<string>,
  stem: (word: string) => string,
): (word: string) => readonly string[] {
  return (word) => {
    const lower = lowerCase(POSSESSIVE.test(word) ? word.slice(0, -2) : word)
    return stopWords.has(lower) ? [] : [stem(lower)]
  }
}
