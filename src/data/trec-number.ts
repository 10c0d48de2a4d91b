/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i)
/** Appending a digit to anything up to this stays below 2^53. */
const APPENDABLE = 900_719_925_474_098

const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const E_LOWER = 0x65
const LOWER = 0x20

/**
 * The number written in `bytes[start, end)`: the same double that `Number()` gives of the same text, without making a
 * string of it. A decimal whose digits make an integer below 2^53 and whose exponent is within ±22 needs one correctly
 * rounded operation (Clinger, "How to read floating point numbers accurately", PLDI 1990); the rest goes to `Number()`.
 * `inf` and `infinity` are read as C's `strtod` does.
 *
 * @returns undefined when it is no number; NaN for the text `nan`.
 */
export function parseNumber(bytes: Buffer, start: number, end: number): number | undefined {
  let at = start
  const sign = bytes[at]
  if (sign === MINUS || sign === PLUS) at++
  let mantissa = 0
  let digits = 0
  let fraction = 0
  let exact = true
  let seenPoint = false
  for (; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= ZERO && byte <= NINE) {
      if (mantissa > APPENDABLE) exact = false
      mantissa = mantissa * 10 + (byte - ZERO)
      digits++
      if (seenPoint) fraction++
    } else if (byte === POINT && !seenPoint) seenPoint = true
    else break
  }
  if (digits === 0) return notDecimal(bytes, start, end)
  let exponent = 0
  if (at < end) {
    if ((bytes[at]! | LOWER) !== E_LOWER) return undefined
    at++
    const negative = bytes[at] === MINUS
    if (negative || bytes[at] === PLUS) at++
    if (at >= end) return undefined
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte < ZERO || byte > NINE) return undefined
      if (exponent < 100_000) exponent = exponent * 10 + (byte - ZERO)
    }
    if (negative) exponent = -exponent
  }
  const power = exponent - fraction
  if (!exact || power > 22 || power < -22) return Number(bytes.toString('latin1', start, end))
  const value = power < 0 ? mantissa / EXACT_POWERS[-power]! : mantissa * EXACT_POWERS[power]!
  return sign === MINUS ? -value : value
}

function notDecimal(bytes: Buffer, start: number, end: number): number | undefined {
  const match = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(bytes.toString('latin1', start, end))
  if (!match) return undefined
  if (match[2]!.toLowerCase() === 'nan') return Number.NaN
  return match[1] === '-' ? -Infinity : Infinity
}
