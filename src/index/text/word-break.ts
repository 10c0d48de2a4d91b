import type { Spans } from './spans.ts'
import {
  WORD_BREAK_CLASSES as CLASSES,
  COMPLEX,
  COMPLEX_EXTEND,
  DOUBLE_QUOTE,
  EMOJI,
  EMOJI_BASE,
  EMOJI_MODIFIER,
  EXTEND,
  EXTEND_NUM_LET,
  HAN,
  HEBREW,
  HIRAGANA,
  JOINER,
  KATAKANA,
  KEYCAP_BASE,
  LETTER,
  MID_LETTER,
  MID_NUM,
  MID_NUM_LET,
  NUMERIC,
  OTHER,
  REGIONAL,
  SINGLE_QUOTE,
} from './word-break-classes.ts'

/** Kinds of token that {@link scanWords} tells apart. */
const WORD_TOKEN = 0
export const IDEOGRAPH_TOKEN = 1
export const HIRAGANA_TOKEN = 2
export const COMPLEX_TOKEN = 3
export const EMOJI_TOKEN = 4

/** Lucene's default maximum token length, in UTF-16 code units. */
const MAX_TOKEN_LENGTH = 255

const TEXT_PRESENTATION = 0xfe0e
const EMOJI_PRESENTATION = 0xfe0f
const KEYCAP = 0x20e3
const BEYOND_BMP = 0x10000
/** State after a Hebrew letter and its quote: joins what follows, but takes no second quote. */
const HEBREW_QUOTED = 100

/** The code point at `i`, not looking past `limit`: half a pair there counts as itself. */
function pointAt(text: string, i: number, limit: number): number {
  const unit = text.charCodeAt(i)
  if (unit < 0xd800 || unit > 0xdbff || i + 1 >= limit) return unit
  const low = text.charCodeAt(i + 1)
  return low >= 0xdc00 && low <= 0xdfff ? ((unit - 0xd800) << 10) + (low - 0xdc00) + BEYOND_BMP : unit
}

const classAt = (text: string, i: number, limit: number): number =>
  i < limit ? CLASSES[pointAt(text, i, limit)]! : OTHER
const widthAt = (text: string, i: number, limit: number): number => (pointAt(text, i, limit) >= BEYOND_BMP ? 2 : 1)
const extendsClass = (kind: number): boolean => kind === EXTEND || kind === JOINER || kind === COMPLEX_EXTEND
const isLetter = (kind: number): boolean => kind === LETTER || kind === HEBREW

/** UAX #29 WB4: marks, format characters and joiners belong to what stands before them. */
function skipExtending(text: string, i: number, limit: number): number {
  while (extendsClass(classAt(text, i, limit))) i += widthAt(text, i, limit)
  return i
}

/** WB5, WB8 to WB10, WB13 to WB13b: whether there is no boundary between two neighbours. */
function joins(before: number, after: number): boolean {
  if (after === EXTEND_NUM_LET) return true
  if (before === EXTEND_NUM_LET) return after <= KATAKANA && after !== OTHER
  if (before === KATAKANA) return after === KATAKANA
  return after === LETTER || after === NUMERIC || after === HEBREW
}

/** WB6, WB7, WB7b, WB7c, WB11, WB12: whether punctuation inside a word or number holds it together. */
function bridges(before: number, middle: number, after: number): boolean {
  const common = middle === MID_NUM_LET || middle === SINGLE_QUOTE
  if (isLetter(before) && isLetter(after) && (common || middle === MID_LETTER)) return true
  if (before === NUMERIC && after === NUMERIC && (common || middle === MID_NUM)) return true
  return before === HEBREW && middle === DOUBLE_QUOTE && after === HEBREW
}

/** The end of a word whose part before `i` ends in a character of class `before`. */
function wordEnd(text: string, i: number, limit: number, before: number): number {
  for (;;) {
    i = skipExtending(text, i, limit)
    const kind = classAt(text, i, limit)
    if (kind === OTHER) return i
    const next = i + widthAt(text, i, limit)
    if (joins(before, kind)) {
      i = next
      before = kind
      continue
    }
    const beyond = skipExtending(text, next, limit)
    const after = classAt(text, beyond, limit)
    if (bridges(before, kind, after)) {
      i = beyond + widthAt(text, beyond, limit)
      before = after
    } else if (before === HEBREW && kind === SINGLE_QUOTE) {
      i = beyond
      before = HEBREW_QUOTED
    } else return i
  }
}

const isEmoji = (kind: number): boolean => kind === EMOJI || kind === EMOJI_BASE || kind === EMOJI_MODIFIER

/** Skips what may follow an emoji: all that extends, but not the selectors of its presentation. */
function skipEmojiExtending(text: string, i: number, limit: number): number {
  while (extendsClass(classAt(text, i, limit))) {
    const point = pointAt(text, i, limit)
    if (point === TEXT_PRESENTATION || point === EMOJI_PRESENTATION) break
    i += point >= BEYOND_BMP ? 2 : 1
  }
  return i
}

function skipJoiners(text: string, i: number, limit: number): number {
  while (classAt(text, i, limit) === JOINER) i++
  return i
}

/** The end of an emoji (UTS #51: with modifier, selector, tags) and of those joined to it by zero-width joiners. */
function emojiEnd(text: string, i: number, limit: number): number {
  for (;;) {
    const kind = classAt(text, i, limit)
    i = skipEmojiExtending(text, i + widthAt(text, i, limit), limit)
    if (kind === EMOJI_BASE && classAt(text, i, limit) === EMOJI_MODIFIER)
      i = skipEmojiExtending(text, i + widthAt(text, i, limit), limit)
    else if (kind !== EMOJI_MODIFIER && i < limit && text.charCodeAt(i) === EMOJI_PRESENTATION) i++
    const next = skipJoiners(text, i, limit)
    const joined = next > i || text.charCodeAt(i - 1) === 0x200d
    if (!joined || !isEmoji(classAt(text, next, limit))) return i
    i = next
  }
}

/** The end of `#` or `*` in a key cap, or `i` if it is none. */
function keycapEnd(text: string, i: number, limit: number): number {
  let at = i + 1
  while (at < limit && text.charCodeAt(at) !== KEYCAP && extendsClass(classAt(text, at, limit)))
    at += widthAt(text, at, limit)
  return at < limit && text.charCodeAt(at) === KEYCAP ? skipEmojiExtending(text, at + 1, limit) : i
}

function complexEnd(text: string, i: number, limit: number): number {
  while (classAt(text, i, limit) === COMPLEX || extendsClass(classAt(text, i, limit))) i += widthAt(text, i, limit)
  return i
}

/** Scans what does not begin with a letter or digit; returns where to go on. */
function scanOther(text: string, start: number, limit: number, spans: Spans): number {
  const kind = classAt(text, start, limit)
  const next = start + widthAt(text, start, limit)
  let end = start
  let token = EMOJI_TOKEN
  if (kind === HEBREW || kind === LETTER || kind === NUMERIC || kind === KATAKANA) {
    end = wordEnd(text, next, limit, kind)
    token = WORD_TOKEN
  } else if (kind === EXTEND_NUM_LET) {
    let i = next
    while (classAt(text, i, limit) === EXTEND_NUM_LET || extendsClass(classAt(text, i, limit)))
      i += widthAt(text, i, limit)
    const after = classAt(text, i, limit)
    if (after === OTHER || after > KATAKANA) return i
    end = wordEnd(text, i + widthAt(text, i, limit), limit, after)
    token = WORD_TOKEN
  } else if (kind === HAN || kind === HIRAGANA) {
    end = skipExtending(text, next, limit)
    token = kind === HAN ? IDEOGRAPH_TOKEN : HIRAGANA_TOKEN
  } else if (kind === COMPLEX || kind === COMPLEX_EXTEND) {
    end = complexEnd(text, next, limit)
    token = COMPLEX_TOKEN
  } else if (isEmoji(kind)) end = emojiEnd(text, start, limit)
  else if (kind === REGIONAL) {
    const second = skipExtending(text, next, limit)
    if (classAt(text, second, limit) === REGIONAL) end = skipExtending(text, second + 2, limit)
  } else if (kind === KEYCAP_BASE) end = keycapEnd(text, start, limit)
  else if (kind === JOINER) {
    const emoji = skipJoiners(text, start, limit)
    if (isEmoji(classAt(text, emoji, limit))) end = emojiEnd(text, emoji, limit)
  }
  if (end === start) return next
  spans.push(start, end, token)
  return end
}

/**
 * Appends the words of a text as Lucene's StandardTokenizer finds them: the word-break rules of UAX #29 (Unicode 9),
 * emoji sequences of UTS #51, single ideographs and hiragana, whole runs of South-East Asian scripts; punctuation and
 * symbols are left out. A token longer than 255 code units is cut there and goes on as another one.
 *
 * Source: Unicode Standard Annex #29; the grammar of Lucene 9 and 10 (StandardTokenizerImpl).
 */
export function scanWords(text: string, spans: Spans): void {
  const { length } = text
  let i = 0
  while (i < length) {
    const unit = text.charCodeAt(i)
    let kind = CLASSES[unit]!
    // Surrogates have no class of their own; their pair may.
    if (kind === OTHER && (unit < 0xd800 || unit > 0xdbff)) {
      i++
      continue
    }
    let limit = i + MAX_TOKEN_LENGTH
    if (limit >= length) limit = length
    else if ((text.charCodeAt(limit - 1) & 0xfc00) === 0xd800) limit--
    if (kind !== LETTER && kind !== NUMERIC) {
      i = scanOther(text, i, limit, spans)
      continue
    }
    // Nearly all text takes this path: letters and digits up to something that has no class.
    const start = i++
    let before = kind
    while (i < limit) {
      kind = CLASSES[text.charCodeAt(i)]!
      if (kind !== LETTER && kind !== NUMERIC) break
      before = kind
      i++
    }
    if (i < limit && (kind !== OTHER || (text.charCodeAt(i) & 0xfc00) === 0xd800)) i = wordEnd(text, i, limit, before)
    spans.push(start, i, WORD_TOKEN)
  }
}
