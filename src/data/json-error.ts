// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LITERAL = /true|false|null/y
const SPACE = /[ \t\n\r]*/y

/**
 * Offset of the first character at which a text stops being JSON; undefined when it is JSON, or nested too deeply to
 * tell. `JSON.parse` decides what is valid; this only finds the place, which its messages do not always say.
 */
export function jsonErrorOffset(text: string): number | undefined {
  let at = 0
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  const take = (character: string): boolean => {
    if (text[at] !== character) return false
    at++
    skip(SPACE)
    return true
  }
  const list = (close: string, item: () => boolean): boolean => {
    if (take(close)) return true
    do if (!item()) return false
    while (take(','))
    return take(close)
  }
  const member = (): boolean => skip(STRING) && skip(SPACE) && take(':') && value()
  const value = (): boolean => {
    const sound = take('{')
      ? list('}', member)
      : take('[')
        ? list(']', value)
        : skip(STRING) || skip(LITERAL) || skip(NUMBER)
    if (sound) skip(SPACE)
    return sound
  }
  try {
    skip(SPACE)
    return value() && at === text.length ? undefined : at
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
