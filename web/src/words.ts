export interface Piece {
  readonly text: string
  readonly marked: boolean
}

/** Letters and digits in a row. */
const WORD = /[\p{L}\p{N}]+/gu

/** Frequent English words that say nothing about why a document was found. */
const COMMON = new Set(
  'the and for are was were with that this from which have has had not but its their does did can into than then how what when who why our your you all any one use used using between'.split(
    ' ',
  ),
)

/** The words of a query worth looking for in a document. */
export function queryWords(query: string): ReadonlySet<string> {
  const words = query.toLowerCase().match(WORD) ?? []
  return new Set(words.filter((word) => word.length > 2 && !COMMON.has(word)))
}

/** Cuts a text into pieces: words of the query are marked, the rest is not. Joined, the pieces are the text. */
export function markWords(text: string, words: ReadonlySet<string>): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(WORD)) {
    if (!words.has(match[0].toLowerCase())) continue
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), marked: false })
    pieces.push({ text: match[0], marked: true })
    end = match.index + match[0].length
  }
  if (end < text.length) pieces.push({ text: text.slice(end), marked: false })
  return pieces
}
