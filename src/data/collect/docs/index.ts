import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Json } from '../../../core/fingerprint.ts'
import type { LongWork } from '../../../core/progress.ts'
import { markdownSections, type Section } from '../../known-item/markdown.ts'
import { decodeText } from '../files/decode.ts'
import type { Skipped } from '../files/skipped.ts'
import { resolveWalk, type SourceFile, type WalkOptions, walkFiles } from '../files/walk.ts'
import { type GroupBy, groupOf } from '../group.ts'
import type { Item } from '../item.ts'
import { type CollectionCard, type CollectionOptions, writeCollection } from '../output/beir.ts'
import { htmlSections, htmlTitle } from './html.ts'
import { pdfSections } from './pdf.ts'
import { type SectionOptions, sectionItems } from './sections.ts'
import { underlinedSections } from './underlined.ts'

export interface DocsOptions
  extends CollectionOptions,
    Partial<SectionOptions>,
    Omit<WalkOptions, 'wanted' | 'not' | 'signal'> {
  /** What goes to one split as a whole. Default: `file`. */
  readonly splitBy?: GroupBy
}

type Format = 'markdown' | 'html' | 'text' | 'pdf'

const FORMATS: Readonly<Record<string, Format>> = {
  md: 'markdown',
  markdown: 'markdown',
  mdx: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  txt: 'text',
  text: 'text',
  rst: 'text',
  rest: 'text',
  pdf: 'pdf',
}
/** PDF files with pictures are large, their text is not. */
const MAX_FILE_BYTES = 32 << 20

/**
 * Makes a collection out of documentation: Markdown, HTML, plain text, reStructuredText, PDF. A section is a document, its heading the query
 * for it, the headings above it the title.
 *
 * @param root The folder of the files.
 * @param output The folder of the collection.
 * @throws FieldtrialError `DATA_MISSING`, `USAGE`, `DISK_FULL`, `NOT_WRITABLE`, `CANCELLED`.
 */
export async function collectDocs(
  root: string,
  output: string,
  options: DocsOptions = {},
  work: LongWork = {},
): Promise<CollectionCard> {
  const resolved = {
    minWords: options.minWords ?? 2,
    minSectionWords: options.minSectionWords ?? 20,
    maxSectionWords: options.maxSectionWords ?? 400,
    splitBy: options.splitBy ?? 'file',
    ...resolveWalk(options, MAX_FILE_BYTES),
  } as const
  const items = async function* (skipped: Skipped): AsyncGenerator<Item, { readonly [key: string]: Json }> {
    const files: Record<Format, number> = { html: 0, markdown: 0, pdf: 0, text: 0 }
    const walk = {
      ...resolved,
      not: [output],
      wanted: (name: string) => formatOf(name) !== undefined,
      signal: work.signal,
    }
    let done = 0
    for await (const file of walkFiles(root, walk, skipped)) {
      const format = formatOf(file.path)!
      const sections = await readSections(file, format, skipped)
      if (++done % 20 === 0) work.onProgress?.({ step: 'read documentation', done, unit: 'records' })
      if (sections === undefined) continue
      files[format]++
      const unfit = (reason: string, example: string) => skipped.add(reason, example)
      yield* sectionItems(sections, file.path, groupOf(file.path, resolved.splitBy), resolved, unfit)
    }
    return { files }
  }
  return writeCollection(output, { what: 'docs', source: root, options: resolved }, options, items, work)
}

function formatOf(path: string): Format | undefined {
  return FORMATS[extname(path).slice(1).toLowerCase()]
}

async function readSections(file: SourceFile, format: Format, skipped: Skipped): Promise<Section[] | undefined> {
  const bytes = await readFile(file.file).catch(() => undefined)
  if (bytes === undefined) return void skipped.add('file that may not be read', file.path)
  if (format === 'pdf')
    return pdfSections(bytes).catch(() => void skipped.add('PDF file that cannot be read', file.path))
  const text = decodeText(bytes)?.text
  if (text === undefined) return void skipped.add('binary file', file.path)
  if (format === 'markdown') return titled(markdownSections(text), () => frontMatterTitle(text))
  return format === 'html' ? titled(htmlSections(text), () => htmlTitle(text)) : underlinedSections(text)
}

/** Text before the first heading gets the file's own title, if it has one. */
function titled(sections: Section[], title: () => string): Section[] {
  const [first, ...others] = sections
  if (first?.level !== 0) return sections
  const heading = title()
  return heading === '' ? sections : [{ ...first, heading, level: 1 }, ...others]
}

function frontMatterTitle(text: string): string {
  const matter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? ''
  return /^title:\s*(?:"([^"]*)"|'([^']*)'|(.*))$/m.exec(matter)?.slice(1).find(Boolean)?.trim() ?? ''
}
