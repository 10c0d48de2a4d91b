import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { DomUtils, parseDocument } from 'htmlparser2'
import { decodeText } from '../files/decode.ts'
import type { SourceFile } from '../files/walk.ts'
import { cellTexts } from '../rows/columns.ts'
import { rowsOf } from '../rows/rows.ts'

/** Fields that hold a caption, in sidecar JSON and in tables. */
const CAPTION = [
  'caption',
  'captions',
  'text',
  'description',
  'alt',
  'alt_text',
  'title',
  'prompt',
  'sentence',
  'sentences',
  'raw',
]
/** Columns of tables that name the picture; `file_name` is the hub's ImageFolder. */
const PICTURE_COLUMN = ['file_name', 'filename', 'file', 'image', 'path', 'image_path', 'image_name', 'img']

/** A text that describes a picture. */
export interface Caption {
  /** Path of the picture, relative to the folder that is collected. */
  readonly picture: string
  readonly text: string
  /** Path of the file that says it. */
  readonly from: string
}

/** Path without its ending: what a picture and its sidecar have in common. */
export const stemOf = (path: string) => path.replace(/\.[^./]+$/, '')

/** The captions in a sidecar: the text of `cat.txt`, the fields of `cat.json`, for the picture `cat.jpg` beside it. */
export async function sidecarCaptions(file: SourceFile): Promise<string[]> {
  const text = decodeText(await readFile(file.file))?.text ?? ''
  if (!/\.json$/i.test(file.path))
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return []
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return []
  const found = CAPTION.map((name) => (record as Record<string, unknown>)[name]).find((value) => value !== undefined)
  return (Array.isArray(found) ? found : [found]).filter(
    (one) => typeof one === 'string' && one.trim() !== '',
  ) as string[]
}

/** Whether a table tells of pictures, and then its captions; a table of other things gives none. */
export async function* tableCaptions(file: SourceFile): AsyncGenerator<Caption> {
  const folder = posix.dirname(file.path)
  let columns: { picture: string; caption: string } | undefined
  for await (const { row, where, present } of rowsOf(file.file, {})) {
    if (columns === undefined) {
      const lower = new Map(present.map((name) => [name.toLowerCase(), name]))
      const picture = PICTURE_COLUMN.map((name) => lower.get(name)).find((name) => name !== undefined)
      const caption = CAPTION.map((name) => lower.get(name)).find((name) => name !== undefined && name !== picture)
      if (picture === undefined || caption === undefined) return
      columns = { picture, caption }
    }
    for (const name of cellTexts(row, columns.picture, where))
      for (const text of cellTexts(row, columns.caption, where))
        yield { picture: posix.normalize(posix.join(folder, name)), text, from: file.path }
  }
}

const MARKDOWN_IMAGE = /!\[([^\]]*)\]\(\s*<?([^\s)>]+)>?(?:\s+["'][^"']*["'])?\s*\)/g

/** Alternative texts of the pictures that a Markdown or HTML file shows. */
export async function pageCaptions(file: SourceFile): Promise<Caption[]> {
  const source = decodeText(await readFile(file.file))?.text ?? ''
  const found: { text: string; address: string }[] = []
  if (!/\.x?html?$/i.test(file.path))
    for (const [, text, address] of source.matchAll(MARKDOWN_IMAGE)) found.push({ text: text!, address: address! })
  for (const { attribs } of DomUtils.getElementsByTagName('img', parseDocument(source)))
    found.push({ text: attribs.alt ?? '', address: attribs.src ?? '' })
  const folder = posix.dirname(file.path)
  return found.flatMap(({ text, address }) => {
    const path = localPath(address)
    if (path === undefined || text.trim() === '') return []
    // An address from the root is one from the folder that is collected.
    const picture = posix.normalize(path.startsWith('/') ? path.slice(1) : posix.join(folder, path))
    return [{ picture, text: text.replace(/\s+/g, ' ').trim(), from: file.path }]
  })
}

function localPath(address: string): string | undefined {
  if (address === '' || /^(?:[a-z][\w+.-]*:|\/\/|#)/i.test(address)) return undefined
  const path = address.replace(/[?#].*$/, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
