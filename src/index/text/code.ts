import { lowerCase } from './lower-case.ts'

/** Names in a stretch of source that the word scanner keeps together, e.g. the two of `self.x`. */
const NAMES = /[\p{L}\p{N}\p{M}_]+/gu

/** Parts of a name: runs of capitals, words of a camelCase name, letters without case, runs of digits. */
const PARTS = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{N}+/gu

/** The parts of a name in lower case: `parseHTTPResponse2` → parse, http, response, 2. */
function nameParts(name: string): string[] {
  return name.match(PARTS)?.map(lowerCase) ?? []
}

export interface CodeTermOptions {
  readonly stopWords: ReadonlySet<string>
  readonly stem: (word: string) => string
  /** Whether a name of several parts is a token of its own too. */
  readonly wholeNames: boolean
}

/** The tokens of a stretch of source: each name's parts, stemmed, and (if asked for) the whole name in lower case. */
export function codeTerms({ stopWords, stem, wholeNames }: CodeTermOptions): (word: string) => readonly string[] {
  return (word) => {
    const terms: string[] = []
    for (const [name] of word.matchAll(NAMES)) {
      const parts = nameParts(name)
      for (const part of parts) if (!stopWords.has(part)) terms.push(stem(part))
      if (wholeNames && parts.length > 1) terms.push(lowerCase(name))
    }
    return terms
  }
}
