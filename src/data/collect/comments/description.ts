import { plainText } from '../../known-item/markdown.ts'
import { inlineMarkup, xmlDocumentation } from './markup.ts'

/** Tags whose text is the description itself. */
const DESCRIBING = /^\s*[@\\](?:brief|short|summary|description|desc|details|classdesc|synopsis)\b[ \t]*/i
/** Tags that say something on their own line, and after which the description may still come. */
const PASSED_OVER =
  /^\s*[@\\](?:fn|ingroup|addtogroup|name|class|struct|enum|union|interface|memberof|method|function|func|kind|static|private|protected|public|internal|hide|api|category|group|export|async|constructor|alias|override|readonly|since|stable|experimental|beta|alpha|type|template|nodoc|pure|nosideeffects)\b.*$/i
const TAG = /^\s*[@\\][a-zA-Z]/
/** Fields of Sphinx, sections of Google's and NumPy's docstrings, headings, doctests, code. */
const END = [
  /^\s*:[a-z]+(?:\s+[^:\n]+)?:(?!`)/,
  /^\s*\.\. /,
  /^\s*(?:args|arguments|parameters?|params|returns?|yields?|raises|throws|examples?|notes?|see also|attributes|usage|references|warnings?|warns|keyword arg(?:ument)?s|other parameters|inputs?|outputs?|methods|options|todo|errors|panics|safety|since|complexity|preconditions?|postconditions?)\s*:?\s*$/i,
  /^\s*(?:args|arguments|parameters?|params|returns?|yields|raises|throws|inputs?|outputs?)\s*:\s/i,
  /^\s*#{1,6}\s+\S/,
  /^\s*(?:```|~~~|>>>|<pre\b|<code>\s*$|\{@code\s*$|<example>)/i,
]
const UNDERLINE = /^\s*([-=~^"*#+_])\1{2,}\s*$/
const LIST = /^\s*(?:[-*+•]|\d+[.)]|\([a-z\d]\)|<li>|<ul>|<ol>|@li\b|\\li\b)\s*/i
/** What C extensions put first into a docstring: the call. */
const CALL = /^[\w.]+\([^\n]*\)(?:\s*->.*)?$/

/**
 * The first paragraph of a documentation comment as plain text: without parameter lists, tags, examples and markup. Understands Javadoc and
 * JSDoc, Doxygen, XML documentation of C#, Sphinx, Google's and NumPy's docstrings, Markdown, RDoc. Empty where nothing describes.
 *
 * @param body The comment without its marks, see `commentBody`.
 */
export function describingParagraph(body: string): string {
  const lines = inlineMarkup(xmlDocumentation(body)).split('\n')
  for (const paragraph of paragraphs(lines)) {
    // Marks that are gone leave a space before what followed them.
    const text = plainText(paragraph)
      .replace(/\s+(?=[.,;:!?)]+(?:\s|$))/g, '')
      .replace(/(?<=\()\s+/g, '')
    if (text !== '' && !CALL.test(text)) return text
  }
  return ''
}

function* paragraphs(lines: readonly string[]): Generator<string> {
  let open: string[] = []
  for (const [i, line] of lines.entries()) {
    const tagged = DESCRIBING.exec(line)
    if (tagged !== null) {
      if (open.length > 0) yield open.join('\n')
      open = [line.slice(tagged[0].length)]
      continue
    }
    if (PASSED_OVER.test(line)) continue
    const ends = TAG.test(line) || END.some((end) => end.test(line)) || UNDERLINE.test(line)
    if (ends) {
      if (UNDERLINE.test(line) && open.length === 1) {
        // A title and its line: the description comes below, unless the title is all there is.
        open = []
        continue
      }
      if (UNDERLINE.test(line) && open.length === 0) continue
      if (open.some((text) => text.trim() !== '')) yield open.join('\n')
      // A tag may be followed by `@brief`; a section may not.
      const rest = lines.slice(i + 1).findIndex((later) => DESCRIBING.test(later))
      if (rest >= 0 && TAG.test(line)) yield* paragraphs(lines.slice(i + 1 + rest))
      return
    }
    if (line.trim() === '' || (LIST.test(line) && open.some((text) => text.trim() !== ''))) {
      if (open.some((text) => text.trim() !== '')) yield open.join('\n')
      open = line.trim() === '' ? [] : [line]
      continue
    }
    open.push(line)
  }
  if (open.length > 0) yield open.join('\n')
}
