/** After the search, prefixes longer by up to this many characters are tried: a character more may make fewer tokens. */
const PROBED = 12

/**
 * The most characters (UTF-16) of a text that fit, no surrogate pair cut in two. Token counts grow with the characters almost always, not
 * always: the result is the longest within a dozen characters of where they first do not fit.
 *
 * @param fits Told how many characters to try. Asked about as many times as the length has binary digits, first for few.
 * @param guess Where to begin.
 */
export function longestPrefix(text: string, fits: (length: number) => boolean, guess: number): number {
  const whole = (length: number) => (isSurrogatePair(text, length) ? length - 1 : length)
  let low = 0
  let high = text.length + 1
  for (let size = Math.max(1, guess); size < text.length; size *= 2) {
    if (fits(whole(size))) low = size
    else {
      high = size
      break
    }
  }
  if (high > text.length) {
    if (fits(text.length)) return text.length
    high = text.length
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (fits(whole(middle))) low = middle
    else high = middle
  }
  for (let more = low + PROBED; more > low; more--)
    if (more < text.length && whole(more) === more && fits(more)) return more
  return whole(low)
}

function isSurrogatePair(text: string, at: number): boolean {
  const [left, right] = [text.charCodeAt(at - 1), text.charCodeAt(at)]
  return left >= 0xd800 && left < 0xdc00 && right >= 0xdc00 && right < 0xe000
}
