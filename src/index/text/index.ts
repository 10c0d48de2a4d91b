import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { type Analyzer, makeAnalyzer } from './analyzer.ts'
import { bm25sTerms, scanPythonWords } from './bm25s.ts'
import { codeTerms } from './code.ts'
import { lowerCase } from './lower-case.ts'
import { luceneEnglishTerms } from './lucene-english.ts'
import { STEMMERS, type StemmerName, stemmerOf } from './stemmers.ts'
import { LUCENE_ENGLISH_STOP_WORDS } from './stop-words.ts'
import { scanUnicode } from './unicode.ts'
import { scanWhitespace } from './whitespace.ts'
import { scanWords } from './word-break.ts'

export type { Analyzer } from './analyzer.ts'
export type { StemmerName } from './stemmers.ts'
export { STEMMERS } from './stemmers.ts'
export { LUCENE_ENGLISH_STOP_WORDS } from './stop-words.ts'

/** Names that {@link createAnalyzer} knows. */
export const ANALYZERS = ['lucene-english', 'unicode', 'code', 'whitespace', 'bm25s'] as const
export type AnalyzerName = (typeof ANALYZERS)[number]

export interface AnalyzerOptions {
  /**
   * Words to leave out: `true` for the 33 English ones of Lucene, `false` for none, or a list (compared in lower case,
   * before the stemmer). Default: `true` for `lucene-english`, `code` and `bm25s`, `false` for `unicode`.
   */
  readonly stopwords?: boolean | readonly string[]
  /** Default: `porter` for `lucene-english` and `code`, else `none`. */
  readonly stemmer?: StemmerName
  /** Only `code`: whether a name of several parts is also a token as a whole. Default: `true`. */
  readonly wholeNames?: boolean
}

/**
 * An analyzer by name, or by name with options:
 *
 * - `lucene-english`: token for token what Lucene's EnglishAnalyzer gives, which is Anserini's default: words by
 *   UAX #29, at most 255 code units long; 's off; lower case; stop words; Porter's stemmer.
 * - `unicode`: words by UAX #29 in lower case, for any language; pairs of characters where a script puts no space
 *   between words, and for Korean.
 * - `code`: for source code and questions about it. Names are split at underscores, between lower and upper case,
 *   before the last capital of a run (`HTTPServer` → http, server) and between letters and digits; English stop words
 *   are left out (also where they are keywords: for, if, in, is, not, or …), the rest is stemmed by Porter's rules; a name
 *   of several parts is a token as a whole too, in lower case and with its underscores. Operators, punctuation and quotes
 *   give nothing; words of comments and strings are treated alike. `code-analyzer.test.ts` beside the BM25 index holds
 *   the figures for which these defaults were chosen.
 * - `whitespace`: what stands between white space, unchanged. It takes no options.
 * - `bm25s`: the default tokens of the Python library bm25s: lower case, runs of two or more letters, digits and
 *   underscores, stop words. For comparisons with it.
 */
export type AnalyzerSpec = AnalyzerName | ({ readonly name: AnalyzerName } & AnalyzerOptions)

/** Raised when an analyzer gives other tokens than before, so that older indexes are not taken for new ones. */
const ANALYZER_VERSION = 1

const ENGLISH_STOP_WORDS: ReadonlySet<string> = new Set(LUCENE_ENGLISH_STOP_WORDS)

function refuse(message: string, hint: string, field: string): never {
  throw new FieldtrialError('USAGE', message, { hint, where: { field } })
}

function readStopWords(given: boolean | readonly string[], lower: (word: string) => string): ReadonlySet<string> {
  if (given === true) return ENGLISH_STOP_WORDS
  return new Set(given === false ? [] : given.map(lower))
}

/**
 * Makes an analyzer.
 *
 * @throws FieldtrialError `USAGE` for a name or option that there is not.
 */
export function createAnalyzer(spec: AnalyzerSpec): Analyzer {
  const given: { readonly name: AnalyzerName } & AnalyzerOptions = typeof spec === 'string' ? { name: spec } : spec
  const { name } = given
  if (!ANALYZERS.includes(name))
    refuse(`There is no analyzer "${name}".`, `Use one of ${ANALYZERS.join(', ')}.`, 'analyzer')
  if (name === 'whitespace') {
    if (given.stopwords !== undefined || given.stemmer !== undefined || given.wholeNames !== undefined)
      refuse(
        'The analyzer "whitespace" takes no options.',
        'Leave them out, or use "unicode", which has them.',
        'analyzer',
      )
    return makeAnalyzer(name, { name, version: ANALYZER_VERSION }, scanWhitespace, (word) => [word.toWellFormed()])
  }
  if (given.wholeNames !== undefined && name !== 'code')
    refuse(`The analyzer "${name}" has no option wholeNames.`, 'Use it with "code".', 'analyzer.wholeNames')
  const stemmer = given.stemmer ?? (name === 'lucene-english' || name === 'code' ? 'porter' : 'none')
  if (!STEMMERS.includes(stemmer))
    refuse(`There is no stemmer "${stemmer}".`, `Use one of ${STEMMERS.join(', ')}.`, 'analyzer.stemmer')
  const stopwords = given.stopwords ?? name !== 'unicode'
  const stopWords = readStopWords(stopwords, lowerCase)
  const stem = stemmerOf(stemmer)
  const common = {
    name,
    version: ANALYZER_VERSION,
    stemmer,
    stopwords: typeof stopwords === 'boolean' ? stopwords : [...stopWords].sort(),
  } satisfies Json
  switch (name) {
    case 'lucene-english':
      return makeAnalyzer(name, common, scanWords, luceneEnglishTerms(stopWords, stem))
    case 'bm25s':
      return makeAnalyzer(name, common, scanPythonWords, bm25sTerms(stopWords, stem))
    case 'unicode':
      return makeAnalyzer(name, common, scanUnicode, (word) => {
        const lower = lowerCase(word)
        return stopWords.has(lower) ? [] : [stem(lower)]
      })
    case 'code': {
      const wholeNames = given.wholeNames ?? true
      return makeAnalyzer(name, { ...common, wholeNames }, scanUnicode, codeTerms({ stopWords, stem, wholeNames }))
    }
  }
}
