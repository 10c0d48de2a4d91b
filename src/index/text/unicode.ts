import { Spans } from './spans.ts'
import { COMPLEX_TOKEN, EMOJI_TOKEN, HIRAGANA_TOKEN, IDEOGRAPH_TOKEN, scanWords } from './word-break.ts'
import { WORD_BREAK_CLASSES as CLASSES, COMPLEX_EXTEND, EXTEND, JOINER } from './word-break-classes.ts'

const isHangul = (unit: number): boolean => unit >= 0xac00 && unit <= 0xd7a3

/** Whether the code unit at `i` continues a character: a low surrogate, a mark, a joiner. */
function continues(text: string, i: number): boolean {
  const unit = text.charCodeAt(i)
  if (unit >= 0xdc00 && unit <= 0xdfff) return true
  const kind = CLASSES[unit]!
  return kind === EXTEND || kind === JOINER || kind === COMPLEX_EXTEND
}

/** Appends the overlapping pairs of characters (with their marks) from `start` to `end`; a lone character as itself. */
function pushBigrams(text: string, start: number, end: number, spans: Spans): void {
  let first = start
  let second = start + 1
  while (second < end && continues(text, second)) second++
  if (second >= end) spans.push(start, end, 0)
  while (second < end) {
    let after = second + 1
    while (after < end && continues(text, after)) after++
    spans.push(first, after, 0)
    first = second
    second = after
  }
}

const words = new Spans()

/**
 * Appends the words of text in any language by the rules of UAX #29. Scripts that put no space between words (Chinese
 * characters, hiragana, Thai and its neighbours) and Korean, whose words carry particles, give overlapping pairs of
 * characters, as Lucene's CJKAnalyzer does for the first: rankings by pairs are far better than by single characters
 * and need no dictionary. Katakana words stay whole.
 */
export function scanUnicode(text: string, spans: Spans): void {
  words.clear()
  scanWords(text, words)
  const { data, length } = words
  for (let i = 0; i < length; i += 3) {
    const start = data[i]!
    let end = data[i + 1]!
    const kind = data[i + 2]!
    if (kind === IDEOGRAPH_TOKEN || kind === HIRAGANA_TOKEN) {
      while (
        i + 3 < length &&
        data[i + 3] === end &&
        (data[i + 5] === IDEOGRAPH_TOKEN || data[i + 5] === HIRAGANA_TOKEN)
      ) {
        i += 3
        end = data[i + 1]!
      }
      pushBigrams(text, start, end, spans)
    } else if (kind === COMPLEX_TOKEN || (kind !== EMOJI_TOKEN && isHangul(text.charCodeAt(start))))
      pushBigrams(text, start, end, spans)
    else spans.push(start, end, 0)
  }
}
