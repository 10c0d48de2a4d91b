import { contentWords, isGeneric } from '../../known-item/choose.ts'
import { cutParagraphs } from '../../known-item/cut.ts'
import { type Section, wordsOf } from '../../known-item/markdown.ts'
import type { Item } from '../item.ts'

export interface SectionOptions {
  /** Fewest words that carry meaning in a heading that is a query. */
  readonly minWords: number
  /** Sections with fewer words are left out. */
  readonly minSectionWords: number
  /** Longer sections are cut at paragraphs; all their parts answer the heading. */
  readonly maxSectionWords: number
}

/** Longer headings are sentences that were made large. */
const MAX_HEADING_WORDS = 24

/**
 * The sections of one file as documents: the title is the trail of headings above, without the section's own, which is the query.
 *
 * @param path Of the file; the ids begin with it.
 * @param group What decides the split.
 * @param unfit Told of headings that are no queries.
 */
export function* sectionItems(
  sections: readonly Section[],
  path: string,
  group: string,
  options: SectionOptions,
  unfit: (reason: string, example: string) => void,
): Generator<Item> {
  const trail: { heading: string; level: number }[] = []
  for (const [number, { heading, level, paragraphs }] of sections.entries()) {
    while (trail.length > 0 && trail.at(-1)!.level >= level) trail.pop()
    const title = trail.map((above) => above.heading).join(' > ')
    if (level > 0) trail.push({ heading, level })
    const words = paragraphs.reduce((sum, text) => sum + wordsOf(text).length, 0)
    const id = `${path}#${wordsOf(heading).join('-').toLowerCase() || 'top'}`
    if (words < options.minSectionWords) {
      if (words > 0) unfit('section with too few words', id)
      continue
    }
    const query = heading.replace(/^\s*(?:\d+\.)*\d*\.?\s+(?=\p{L})/u, '').trim()
    const reason = heading === '' ? 'no heading' : unfitHeading(query, options.minWords)
    if (reason !== undefined) unfit(`section with ${reason}`, id)
    for (const text of cutParagraphs(paragraphs, options.maxSectionWords))
      yield {
        id,
        title,
        text,
        queries: reason === undefined ? [{ text: query, group, target: `${path}\0${number}` }] : [],
      }
  }
}

function unfitHeading(heading: string, minWords: number): string | undefined {
  const words = contentWords(heading)
  if (words.length < minWords) return 'a heading of too few words'
  if (wordsOf(heading).length > MAX_HEADING_WORDS) return 'a heading of too many words'
  return isGeneric(words) ? 'a heading that stands everywhere' : undefined
}
