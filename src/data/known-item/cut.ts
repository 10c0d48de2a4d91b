import { wordsOf } from './markdown.ts'

/** Joins paragraphs to parts of at most `maxWords` words; a paragraph that is longer is cut between words. */
export function cutParagraphs(paragraphs: readonly string[], maxWords: number): string[] {
  const parts: string[] = []
  let open: string[] = []
  let size = 0
  const close = () => {
    if (open.length > 0) parts.push(open.join('\n'))
    open = []
    size = 0
  }
  for (const paragraph of paragraphs) {
    const words = wordsOf(paragraph).length
    if (size + words > maxWords) close()
    if (words <= maxWords) {
      open.push(paragraph)
      size += words
      continue
    }
    const pieces = paragraph.split(' ')
    for (let at = 0; at < pieces.length; at += maxWords) parts.push(pieces.slice(at, at + maxWords).join(' '))
  }
  close()
  return parts
}
