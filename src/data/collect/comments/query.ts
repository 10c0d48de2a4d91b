import { wordsOf } from '../../known-item/markdown.ts'
import { describingParagraph } from './description.ts'

export interface QueryOptions {
  /** The first sentence (more of them while it is too short), or the whole first paragraph. */
  readonly extent: 'sentence' | 'paragraph'
  /** Fewest words of a query. */
  readonly minWords: number
}

/** Why a comment is no query; stable, for the card. */
export type Unfit = 'too-short' | 'not-prose' | 'licence' | 'pointer'

const LICENCE =
  /\bcopyright\b|\(c\)\s*\d{4}|\blicensed under\b|\bSPDX-|\ball rights reserved\b|\bGNU (?:Lesser )?General Public\b/i
const NOTE =
  /^(?:todo|fixme|xxx|hack|bug|nolint|noqa|eslint|prettier|pylint|type:|ts-|istanbul|c8 |v8 |biome|region|endregion|#region|=+|-+)/i
/** Texts that send the reader elsewhere; what they say of the code stands there. */
const POINTER =
  /^(?:(?:an? )?(?:alias|synonym|shorthand) (?:of|for|to)\b|see(?: also)?\b(?! if)|inherit(?:s|ed)? (?:from|doc)|overrid(?:es?|den)\b|implements? |same as\b|deprecated\b|like .{0,40}$|as above\b|ditto\b|internal use|for internal use|(?:this )?(?:method|function|class) (?:is|was) (?:auto-?generated|deprecated))/i
const CODE = /[;{}]\s*$|=>|\(\);|^\s*(?:if|for|while|return|var|let|const|int|void)\b.*[;{(=]|^[\w.]+\s*=\s|::\w+\(/

/**
 * The query that a documentation comment gives, or why it gives none.
 *
 * @param body The comment without its marks.
 * @param name Name of what it documents; as the first word it is left out, as in Go's "Foo returns …", for it would give the document away.
 */
export function queryOf(body: string, name: string, options: QueryOptions): { text: string } | { unfit: Unfit } {
  if (LICENCE.test(body)) return { unfit: 'licence' }
  const paragraph = withoutName(describingParagraph(body), name)
  if (NOTE.test(paragraph)) return { unfit: 'not-prose' }
  if (POINTER.test(paragraph) && wordsOf(paragraph).length <= 12) return { unfit: 'pointer' }
  const text = options.extent === 'paragraph' ? paragraph : firstSentences(paragraph, options.minWords)
  if (wordsOf(text).length < options.minWords) return { unfit: 'too-short' }
  return isProse(text) ? { text } : { unfit: 'not-prose' }
}

/** "Foo returns x" → "returns x"; "foo() - does y" → "does y"; "Foo: z" → "z". */
function withoutName(text: string, name: string): string {
  const short = /[\w$~!?]+$/.exec(name)?.[0] ?? name
  const first = /^(?:The\s+)?([\w$.:~!?]+)(?:\([^)]*\))?[\s:–—-]*/u.exec(text)
  const said = first?.[1]?.replace(/[:.]+$/, '')
  if (!first || said === undefined || (said !== short && said !== name && !said.endsWith(`.${short}`))) return text
  // A name that is an ordinary word and begins the sentence as its verb ("Parse the file" on `Parse`) stays.
  if (
    /^[A-Z]?[a-z]+$/.test(said) &&
    !/^\s*(?:[a-z]+s|is|are|was|has|can|will|must)\b/.test(text.slice(first[0].length)) &&
    !/[:(–—-]/.test(first[0])
  )
    return text
  return text.slice(first[0].length)
}

/** Ends of sentences; not after abbreviations, initials and numbers of versions. */
const SENTENCE_END = /[.!?](?=["')\]]?\s+["'([`]?[\p{Lu}\p{Lo}\d])|[。！？]/gu
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|resp|approx|incl|no|fig|eq|al|dr|mr|mrs|st|[A-Z])$/i

function firstSentences(paragraph: string, minWords: number): string {
  for (const { index } of paragraph.matchAll(SENTENCE_END)) {
    if (ABBREVIATION.test(paragraph.slice(0, index))) continue
    const text = paragraph.slice(0, index + 1)
    if (wordsOf(text).length >= minWords) return text
  }
  return paragraph
}

/** Whether it reads as a sentence: letters for the most part, and no code that was commented out. */
function isProse(text: string): boolean {
  const letters = text.match(/[\p{L}\s]/gu)?.length ?? 0
  return letters >= 0.7 * text.length && !CODE.test(text)
}
