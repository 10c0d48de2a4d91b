import type { Spans } from './spans.ts'

const RUN = /[\p{L}\p{N}_]+/gu
const TOKEN = /[\p{L}\p{N}_]{2,}/gu

/** Appends runs of what Python's `\w` matches. */
export function scanPythonWords(text: string, spans: Spans): void {
  for (const match of text.matchAll(RUN)) spans.push(match.index, match.index + match[0].length, 0)
}

/** bm25s' default tokens of such a run: lower case, then `(?u)\b\w\w+\b`, then its English stop words. */
export function bm25sTerms(
  stopWords: ReadonlySet<string>,
  stem: (word: string) => string,
): (word: string) => readonly string[] {
  return (word) => {
    // Lower case may bring in marks that are no part of a word (İ), so that the pattern is matched after it.
    const terms: string[] = []
    for (const [token] of word.toLowerCase().matchAll(TOKEN)) if (!stopWords.has(token)) terms.push(stem(token))
    return terms
  }
}
