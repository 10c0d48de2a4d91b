import { ABBREVIATIONS, LOWER_CASE_STARTERS } from './english.ts'
import { pythonRegex, trimEnd } from './python-regex.ts'

const NON_WORD = '(?:[\\)";\\}\\]*:@\'\\(\\{\\[‘’“”«»?!])'
const MULTI = '(?:-{2,}|\\.{2,}|(?:\\.\\s){2,}\\.)'
const CONTEXT = pythonRegex(`[.?!](?=(${NON_WORD}|\\s+(\\S+)))`, 'd')
const WORD = pythonRegex(
  `${MULTI}|(?=[^\\("\`\\{\\[:;&#*@\\)\\}\\]\\-,])\\S+?(?=\\s|$|${NON_WORD}|${MULTI}|,(?=$|\\s|${NON_WORD}|${MULTI}))|\\S`,
)
const CLOSING = pythonRegex('["\'\\)\\]\\}‘’“”«»]+?(?:\\s+|(?=--)|$)', 'my')
const NUMBER = pythonRegex('^-?[.,]?\\d[\\d,.\\-]*\\.?$')
const INITIAL = pythonRegex('^[^\\W\\d]\\.$')
const ASCII_BLANK = /[ \t\n\r\v\f]/

interface Slice {
  readonly start: number
  readonly end: number
}

/**
 * The sentences of lower-case English text, as nltk's Punkt tokenizer finds them (Kiss & Strunk 2006, Computational Linguistics 32(4)).
 *
 * Before a lower-case word, Punkt's statistics of capitals matter only where a number or an initial with a full stop stands, and its
 * collocations never: so four words are all that is needed of them.
 *
 * @param text In lower case.
 */
export function splitSentences(text: string): string[] {
  return realign(text, cutAtBreaks(text)).map(({ start, end }) => text.slice(start, end))
}

interface Context {
  /** Index behind the mark that may end a sentence. */
  readonly end: number
  /** Where the next sentence would begin. */
  readonly next: number
  /** The word before the mark, the mark, and what follows. */
  readonly text: string
}

/** Marks that may end a sentence, each with its word before and the token after; of marks in one word only the last. */
function* contexts(text: string): Generator<Context> {
  let before: Slice = { start: 0, end: 0 }
  let last: Context | undefined
  for (const match of text.matchAll(CONTEXT)) {
    const gap = lastBlank(text, before.end, match.index)
    const word = { start: gap > 0 ? before.end + gap + 1 : before.start, end: match.index }
    if (last !== undefined && before.end <= word.start) yield last
    const [mark, after] = match
    last = {
      end: match.index + mark.length,
      next: match.indices?.[2]?.[0] ?? match.index + mark.length,
      text: text.slice(word.start, word.end) + mark + after,
    }
    before = word
  }
  if (last !== undefined) yield last
}

/** Index of the last blank in a part of the text, counted from the part's start; 0 where there is none. */
function lastBlank(text: string, start: number, end: number): number {
  for (let i = end - 1; i >= start; i--) if (ASCII_BLANK.test(text[i]!)) return i - start
  return 0
}

function cutAtBreaks(text: string): Slice[] {
  const slices: Slice[] = []
  let start = 0
  for (const { end, next, text: context } of contexts(text)) {
    if (!holdsBreak(context)) continue
    slices.push({ start, end })
    start = next
  }
  slices.push({ start, end: Math.max(start, trimEnd(text).length) })
  return slices
}

/** Quotes and brackets that close behind a full stop belong to the sentence before. */
function realign(text: string, slices: readonly Slice[]): Slice[] {
  const aligned: Slice[] = []
  let moved = 0
  for (const [i, slice] of slices.entries()) {
    const start = slice.start + moved
    const next = slices[i + 1]
    moved = 0
    if (next !== undefined) {
      CLOSING.lastIndex = 0
      const closing = CLOSING.exec(text.slice(next.start, next.end))?.[0]
      if (closing !== undefined) {
        aligned.push({ start, end: next.start + trimEnd(closing).length })
        moved = closing.length
        continue
      }
    }
    if (start < slice.end) aligned.push({ start, end: slice.end })
  }
  return aligned
}

/** Whether a token other than the last ends a sentence. */
function holdsBreak(context: string): boolean {
  const tokens = context.split('\n').flatMap((line) => line.match(WORD) ?? [])
  return tokens.slice(0, -1).some((token, i) => endsSentence(token, tokens[i + 1]!))
}

/** What ends with a full stop ends a sentence unless it is a known abbreviation, or an initial or number before a word. */
function endsSentence(token: string, next: string): boolean {
  if (token === '?' || token === '!' || token === '.') return true
  if (!token.endsWith('.') || token.endsWith('..')) return false
  const word = token.slice(0, -1)
  if (ABBREVIATIONS.has(word) || ABBREVIATIONS.has(word.slice(word.lastIndexOf('-') + 1))) return false
  const initial = token.search(INITIAL) === 0
  if (!initial && token.search(NUMBER) !== 0) return true
  if (LOWER_CASE_STARTERS.has(next.replace(/\.$/, ''))) return true
  return !(/^([;:,.!?]$|\p{Lowercase})/u.test(next) || (initial && /^\p{Uppercase}/u.test(next)))
}
