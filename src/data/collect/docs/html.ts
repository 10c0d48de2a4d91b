import { DomUtils, parseDocument } from 'htmlparser2'
import type { Section } from '../../known-item/markdown.ts'

type ChildNode = ReturnType<typeof parseDocument>['children'][number]
type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number]

/** Elements whose content is no text of the page. */
const SILENT = new Set(
  'script style noscript template svg math canvas iframe object form button select textarea nav footer aside head'.split(
    ' ',
  ),
)
const HEADING = /^h([1-6])$/
const BLOCK = new Set(
  'p div section article main header ul ol li dl dt dd table thead tbody tr blockquote figure figcaption pre details summary address hr br body html'.split(
    ' ',
  ),
)

/** A page as sections: headings and what stands below them. Navigation, scripts and forms are left out; of pages that mark it, only the main part. */
export function htmlSections(source: string): Section[] {
  const document = parseDocument(source)
  const [main] = DomUtils.filter(isMain, document, true, 1)
  const builder = new Sections()
  visit(main && 'children' in main ? main.children : document.children, builder)
  return builder.done()
}

function isMain(node: ChildNode | ReturnType<typeof parseDocument>): boolean {
  return 'attribs' in node && (node.name === 'main' || node.name === 'article' || node.attribs.role === 'main')
}

/** The title of a page, for pages without headings. */
export function htmlTitle(source: string): string {
  const title = DomUtils.getElementsByTagName('title', parseDocument(source), true, 1)[0]
  return title === undefined ? '' : squeeze(DomUtils.textContent(title))
}

const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim()

class Sections {
  readonly #sections: { heading: string; level: number; paragraphs: string[] }[] = [
    { heading: '', level: 0, paragraphs: [] },
  ]
  #text = ''

  heading(text: string, level: number): void {
    this.endParagraph()
    if (text !== '') this.#sections.push({ heading: text, level, paragraphs: [] })
  }

  text(text: string): void {
    this.#text += text
  }

  endParagraph(): void {
    const text = squeeze(this.#text)
    this.#text = ''
    if (text !== '') this.#sections.at(-1)!.paragraphs.push(text)
  }

  done(): Section[] {
    this.endParagraph()
    return this.#sections.filter(({ level, paragraphs }) => level > 0 || paragraphs.length > 0)
  }
}

/** With a stack of its own: broken pages nest deeper than that of the machine. */
function visit(nodes: readonly ChildNode[], builder: Sections): void {
  const stack: (ChildNode | 'end of block')[] = [...nodes].reverse()
  while (stack.length > 0) {
    const node = stack.pop()!
    if (node === 'end of block') builder.endParagraph()
    else if ('name' in node && 'children' in node) enter(node as Element, builder, stack)
    else if (node.type === 'text' && 'data' in node) builder.text(node.data)
  }
}

function enter(element: Element, builder: Sections, stack: (ChildNode | 'end of block')[]): void {
  if (SILENT.has(element.name) || element.attribs.hidden !== undefined || element.attribs['aria-hidden'] === 'true')
    return
  const level = HEADING.exec(element.name)?.[1]
  if (level !== undefined) {
    // Generators put a link to the heading itself behind it.
    const text = squeeze(DomUtils.textContent(element)).replace(/\s*[¶#§🔗]+$/u, '')
    builder.heading(text, Number(level))
    return
  }
  if (BLOCK.has(element.name)) {
    builder.endParagraph()
    stack.push('end of block')
  } else if (element.name === 'td' || element.name === 'th') builder.text(' ')
  for (let i = element.children.length - 1; i >= 0; i--) stack.push(element.children[i]!)
}
