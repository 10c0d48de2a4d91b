import type { Json } from '../../core/fingerprint.ts'
import { Spans } from './spans.ts'

/** Turns text into the terms that BM25 counts. */
export interface Analyzer {
  readonly name: string
  /** Name, options and version: everything that decides which tokens come out. Part of an index's fingerprint. */
  readonly identity: Json
  /** The tokens of a text in order. */
  tokens(text: string): string[]
  /** First half of the work, for indexing: where the words are. Appends to `spans`. */
  split(text: string, spans: Spans): void
  /** Second half: the tokens of one such word. It depends on nothing but the word, so that an index may remember it. */
  terms(word: string): readonly string[]
}

/** Makes an analyzer of its two halves. */
export function makeAnalyzer(
  name: string,
  identity: Json,
  split: (text: string, spans: Spans) => void,
  terms: (word: string) => readonly string[],
): Analyzer {
  const spans = new Spans()
  return {
    name,
    identity,
    split,
    terms,
    tokens(text) {
      spans.clear()
      split(text, spans)
      const tokens: string[] = []
      for (let i = 0; i < spans.length; i += 3) {
        for (const term of terms(text.slice(spans.data[i]!, spans.data[i + 1]!))) tokens.push(term)
      }
      return tokens
    },
  }
}
