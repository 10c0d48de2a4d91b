import type { Section } from '../../known-item/markdown.ts'

interface Line {
  text: string
  /** Height of its letters, in points. */
  size: number
  /** Distance to the line above, in points; 0 at the top of a page. */
  gap: number
}

/** Letters so much larger than those of most of the text make a heading. */
const LARGER = 1.12
const MAX_HEADING_WORDS = 20

/**
 * A PDF file as sections. PDF knows no headings; lines in larger letters than most of the text are taken for them, the largest for the highest
 * level. Lines that stand on most pages (running heads, page numbers) are left out. Scanned pages have no text and give nothing.
 *
 * @throws Error when the file is no sound PDF, or is locked by a password.
 */
export async function pdfSections(bytes: Uint8Array): Promise<Section[]> {
  const { getDocumentProxy } = await import('unpdf')
  const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
  const pages: Line[][] = []
  try {
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number)
      pages.push(linesOf((await page.getTextContent()).items))
      page.cleanup()
    }
  } finally {
    await document.destroy()
  }
  return sectionsOf(withoutRunningHeads(pages))
}

function linesOf(items: readonly object[]): Line[] {
  const lines: Line[] = []
  let open: Line | undefined
  let above: number | undefined
  for (const item of items) {
    if (!('str' in item)) continue
    const { str, transform, hasEOL } = item as { str: string; transform: number[]; hasEOL: boolean }
    const size = Math.hypot(transform[2] ?? 0, transform[3] ?? 0)
    const y = transform[5] ?? 0
    if (str.trim() !== '') {
      if (open === undefined) {
        open = { text: '', size, gap: above === undefined ? 0 : Math.abs(above - y) }
        above = y
      }
      open.size = Math.max(open.size, size)
    }
    if (open !== undefined) open.text += str
    if (hasEOL && open !== undefined) {
      lines.push(open)
      open = undefined
    }
  }
  if (open !== undefined) lines.push(open)
  return lines
    .map((line) => ({ ...line, text: line.text.replace(/\s+/g, ' ').trim() }))
    .filter(({ text }) => text !== '')
}

/** Lines at the edge of a page, in the order of its file, that may be running heads. */
const EDGE = 2

function withoutRunningHeads(pages: readonly Line[][]): Line[] {
  const key = (text: string) => text.replace(/\d+/g, '#')
  const atEdge = (i: number, page: readonly Line[]) => i < EDGE || i >= page.length - EDGE
  const counts = new Map<string, number>()
  for (const page of pages)
    for (const text of new Set(page.filter((_, i) => atEdge(i, page)).map((line) => key(line.text))))
      counts.set(text, (counts.get(text) ?? 0) + 1)
  const many = Math.max(3, pages.length / 2)
  return pages.flatMap((page) =>
    page.filter(({ text }, i) => !atEdge(i, page) || (counts.get(key(text))! < many && !/^[\s\d.–-]*$/.test(text))),
  )
}

function sectionsOf(lines: readonly Line[]): Section[] {
  const body = usualSize(lines)
  const isHeading = ({ text, size }: Line) =>
    size >= body * LARGER && text.split(' ').length <= MAX_HEADING_WORDS && /\p{L}{2}/u.test(text)
  const sizes = [...new Set(lines.filter(isHeading).map(({ size }) => Math.round(size * 2)))].sort((a, b) => b - a)
  const sections: { heading: string; level: number; paragraphs: string[] }[] = [
    { heading: '', level: 0, paragraphs: [] },
  ]
  let before: Line | undefined
  for (const line of lines) {
    const open = sections.at(-1)!
    if (isHeading(line)) {
      const level = sizes.indexOf(Math.round(line.size * 2)) + 1
      // A heading of two lines.
      if (before !== undefined && isHeading(before) && open.level === level && open.paragraphs.length === 0)
        open.heading += ` ${line.text}`
      else sections.push({ heading: line.text, level, paragraphs: [] })
    } else if (open.paragraphs.length === 0 || line.gap > body * 1.8) open.paragraphs.push(line.text)
    else open.paragraphs.push(joined(open.paragraphs.pop()!, line.text))
    before = line
  }
  return sections.filter(({ level, paragraphs }) => level > 0 || paragraphs.length > 0)
}

/** Words that were parted at the end of a line are put together again. */
const joined = (text: string, next: string) => (/\p{L}-$/u.test(text) ? text.slice(0, -1) + next : `${text} ${next}`)

/** The size in which most letters are set. */
function usualSize(lines: readonly Line[]): number {
  const letters = new Map<number, number>()
  for (const { text, size } of lines) {
    const rounded = Math.round(size * 2) / 2
    letters.set(rounded, (letters.get(rounded) ?? 0) + text.length)
  }
  return [...letters].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0
}
