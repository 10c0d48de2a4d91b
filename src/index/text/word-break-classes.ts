import { WORD_BREAK_RANGES } from './word-break-data.ts'

/**
 * What a code point is to the word-break scanner: the Word_Break property of UAX #29, with the further kinds that
 * Lucene's grammar tells apart. 1 to 5 may stand inside an alphanumeric token. Order of scripts/word-break-data.mjs.
 */
export const OTHER = 0
export const HEBREW = 1
export const LETTER = 2
export const NUMERIC = 3
export const KATAKANA = 4
export const EXTEND_NUM_LET = 5
export const MID_LETTER = 6
export const MID_NUM = 7
export const MID_NUM_LET = 8
export const SINGLE_QUOTE = 9
export const DOUBLE_QUOTE = 10
export const JOINER = 11
export const EXTEND = 12
export const COMPLEX = 13
export const HAN = 14
export const HIRAGANA = 15
export const REGIONAL = 16
export const EMOJI_MODIFIER = 17
export const EMOJI_BASE = 18
export const EMOJI = 19
/** A mark of a South-East Asian script: extends what stands before it, or begins a run of its own. */
export const COMPLEX_EXTEND = 20
/** `#` and `*`, which begin an emoji only before U+20E3. */
export const KEYCAP_BASE = 21

function readRanges(): Uint8Array {
  const classes = new Uint8Array(0x110000)
  let at = 0
  for (const range of WORD_BREAK_RANGES.split(' ')) {
    const [gap, length, kind] = range.split('.').map((part) => Number.parseInt(part, 36)) as [number, number, number]
    classes.fill(kind, at + gap, at + gap + length)
    at += gap + length
  }
  classes[0x23] = KEYCAP_BASE
  classes[0x2a] = KEYCAP_BASE
  return classes
}

/** The class of every code point. */
export const WORD_BREAK_CLASSES = readRanges()
