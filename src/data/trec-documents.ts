import type { ByteSource } from './byte-source.ts'
import { readLineBatches } from './lines.ts'
import { invalid } from './record.ts'
import type { Document } from './types.ts'

const DOCNO = /<docno>\s*([\s\S]*?)\s*<\/docno>/i
const TITLE = /<(title|headline|hl|head|ti)>([\s\S]*?)<\/\1>/i
/** Elements that describe the document and are not its content. */
const HEADERS = /<(docno|docid|dochdr|docoldno)>[\s\S]*?<\/\1>/gi
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/**
 * Documents of TREC's SGML form: `<DOC>` … `</DOC>`, with `<DOCNO>`, and a title in the first `<TITLE>`, `<HEADLINE>`,
 * `<HL>`, `<HEAD>` or `<TI>`. Text is all other content with tags taken off and white space runs made one space.
 *
 * @throws FieldtrialError `DATA_INVALID` on text outside documents, a document without number or without end.
 */
export async function* readTrecDocuments(source: ByteSource): AsyncGenerator<Document> {
  let open: string[] | undefined
  let begun = 0
  for await (const { first, lines } of readLineBatches(source))
    for (let i = 0; i < lines.length; i++) {
      let line = lines[i]!
      for (;;) {
        const where = { file: source.label, line: first + i }
        if (open === undefined) {
          const start = /<doc>/i.exec(line)
          const outside = (start ? line.slice(0, start.index) : line).trim()
          if (outside !== '' && !/^<(\?|!|\/?root>)/i.test(outside))
            throw invalid(where, 'text outside <DOC> … </DOC>.', 'TREC documents stand between <DOC> and </DOC>.')
          if (!start) break
          open = []
          begun = first + i
          line = line.slice(start.index + start[0].length)
          continue
        }
        const end = /<\/doc>/i.exec(line)
        open.push(end ? line.slice(0, end.index) : line)
        if (!end) break
        yield toDocument(open.join('\n'), { file: source.label, line: begun })
        open = undefined
        line = line.slice(end.index + end[0].length)
      }
    }
  if (open !== undefined)
    throw invalid(
      { file: source.label, line: begun },
      'this <DOC> has no </DOC>.',
      'The file is cut short; fetch it again.',
    )
}

function toDocument(content: string, where: { file: string; line: number }): Document {
  const id = DOCNO.exec(content)?.[1]
  if (id === undefined || id === '')
    throw invalid(where, 'this document has no <DOCNO>.', 'Every TREC document needs <DOCNO>ID</DOCNO>.')
  const title = TITLE.exec(content)
  const body = (title ? content.replace(title[0], ' ') : content).replace(HEADERS, ' ')
  return { id, title: plain(title?.[2] ?? ''), text: plain(body) }
}

function plain(markup: string): string {
  return markup
    .replace(/<!--[\s\S]*?-->|<\/?[a-z][^<>]*>/gi, ' ')
    .replace(/&(#\d+|#x[0-9a-f]+|[a-z]+);/gi, (whole, name: string) => decodeEntity(name.toLowerCase()) ?? whole)
    .replace(/\s+/g, ' ')
    .trim()
}

function decodeEntity(name: string): string | undefined {
  if (!name.startsWith('#')) return ENTITIES[name]
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}
