/** What Python's `\s`, `\w` and `\d` match in text, as contents of a JavaScript character class. */
const CLASSES: Readonly<Record<string, string>> = {
  s: '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000',
  w: '\\p{L}\\p{N}_',
  d: '\\p{Nd}',
}

/** A whole character class, whose escapes get no brackets of their own, or an escape outside of one. */
const CLASS_OR_ESCAPE = /\[(\^?)((?:\\.|[^\]\\])*)\]|\\([swd])/g

/**
 * A Python regular expression over Unicode text in JavaScript: `\s`, `\S`, `\w`, `\d` and `\b` mean what they mean there. Both flags `g`
 * and `u` are set.
 *
 * @param flags Further flags.
 */
export function pythonRegex(source: string, flags = ''): RegExp {
  const word = `[${CLASSES.w}]`
  const translated = source
    .replaceAll(/\[\^\\W\\d\]/g, '[\\p{L}\\p{Nl}\\p{No}_]')
    .replaceAll('\\b', `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`)
    .replaceAll('\\S', `[^${CLASSES.s}]`)
    .replaceAll(CLASS_OR_ESCAPE, (_, not: string, inside: string, name: string) =>
      name === undefined
        ? `[${not}${inside.replaceAll(/\\([swd])/g, (_escape, inner: string) => CLASSES[inner]!)}]`
        : `[${CLASSES[name]!}]`,
    )
  return new RegExp(translated, `gu${flags}`)
}

/** Python's `str.split()` without arguments. */
export function splitBlanks(text: string): string[] {
  return text.split(BLANKS).filter((word) => word !== '')
}

/** Python's `str.strip()`, at the end only. */
export function trimEnd(text: string): string {
  return text.replace(TRAILING, '')
}

const BLANKS = new RegExp(`[${CLASSES.s}]+`, 'u')
const TRAILING = new RegExp(`[${CLASSES.s}]+$`, 'u')
