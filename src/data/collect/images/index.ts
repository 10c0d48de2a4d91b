import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { makeFolder } from '../../../core/atomic.ts'
import { FieldtrialError } from '../../../core/errors.ts'
import type { Json } from '../../../core/fingerprint.ts'
import type { LongWork } from '../../../core/progress.ts'
import { isPicture } from '../../image.ts'
import { wordsOf } from '../../known-item/markdown.ts'
import { tableFormat } from '../../table.ts'
import type { Skipped } from '../files/skipped.ts'
import { resolveWalk, type SourceFile, type WalkOptions, walkFiles } from '../files/walk.ts'
import { type GroupBy, groupOf } from '../group.ts'
import type { Item } from '../item.ts'
import { type CollectionCard, type CollectionOptions, writeCollection } from '../output/beir.ts'
import { type Caption, pageCaptions, sidecarCaptions, stemOf, tableCaptions } from './captions.ts'

export interface ImagesOptions extends CollectionOptions, Omit<WalkOptions, 'wanted' | 'not' | 'signal'> {
  /** Fewest words of a caption that is a query. Default: 2. */
  readonly minWords?: number
  /** What goes to one split as a whole. Default: `file`, i.e. all captions of a picture. */
  readonly splitBy?: GroupBy
}

const PAGE = /\.(?:md|markdown|mdx|x?html?)$/i
const MAX_FILE_BYTES = 64 << 20

/**
 * Makes a collection out of pictures: a picture is a document, its captions are the queries for it. Captions are found in sidecars (`cat.txt`
 * or `cat.json` beside `cat.jpg`), in tables with a column of file names, and in the alternative texts of Markdown and HTML files of the
 * folder. Pictures are copied into the collection, which so can be moved; those without a caption are documents too.
 *
 * @throws FieldtrialError `DATA_MISSING` when there is no picture, `USAGE`, `DISK_FULL`, `NOT_WRITABLE`, `CANCELLED`.
 */
export async function collectImages(
  root: string,
  output: string,
  options: ImagesOptions = {},
  work: LongWork = {},
): Promise<CollectionCard> {
  const resolved = {
    minWords: options.minWords ?? 2,
    splitBy: options.splitBy ?? 'file',
    ...resolveWalk(options, MAX_FILE_BYTES),
  } as const
  const items = async function* (
    skipped: Skipped,
    partial: string,
  ): AsyncGenerator<Item, { readonly [key: string]: Json }> {
    const { pictures, texts } = await listFiles(root, output, resolved, work, skipped)
    const captions = await findCaptions(pictures, texts, resolved.minWords, skipped)
    const copied = new Set<string>()
    let done = 0
    for (const picture of pictures) {
      const target = `images/${picture.path}`
      const sameness = await contentHash(picture.file)
      if (!copied.has(sameness)) {
        copied.add(sameness)
        await makeFolder(dirname(join(partial, target)))
        await copyFile(picture.file, join(partial, target), constants.COPYFILE_FICLONE)
      }
      yield {
        id: picture.path,
        title: '',
        text: '',
        image: target,
        sameness,
        queries: (captions.get(picture.path) ?? []).map(({ text }) => ({
          text,
          group: groupOf(picture.path, resolved.splitBy),
        })),
      }
      if (++done % 20 === 0) work.onProgress?.({ step: 'copy images', done, total: pictures.length, unit: 'records' })
    }
    if (pictures.length === 0)
      throw new FieldtrialError('DATA_MISSING', `${root} holds no pictures.`, {
        hint: 'Name the folder of the pictures (png, jpg, webp, gif, bmp, tiff, avif).',
        where: { file: root },
      })
    return { pictures: pictures.length, described: captions.size }
  }
  return writeCollection(output, { what: 'images', source: root, options: resolved }, options, items, work)
}

async function listFiles(
  root: string,
  output: string,
  options: Omit<WalkOptions, 'wanted'>,
  work: LongWork,
  skipped: Skipped,
): Promise<{ pictures: SourceFile[]; texts: SourceFile[] }> {
  const pictures: SourceFile[] = []
  const texts: SourceFile[] = []
  const isText = (name: string) =>
    PAGE.test(name) || /\.(?:txt|caption)$/i.test(name) || tableFormat(name) !== undefined
  // What is included or not are pictures; captions may lie anywhere.
  const { include, ...rest } = options
  const common = { not: [output], signal: work.signal }
  for await (const file of walkFiles(root, { ...options, ...common, wanted: isPicture }, skipped))
    if (file.size === 0) skipped.add('empty file', file.path)
    else pictures.push(file)
  for await (const file of walkFiles(root, { ...rest, ...common, wanted: isText }, skipped)) texts.push(file)
  return { pictures, texts }
}

/** Picture → its captions in the order of the files that say them, each text once. */
async function findCaptions(
  pictures: readonly SourceFile[],
  texts: readonly SourceFile[],
  minWords: number,
  skipped: Skipped,
): Promise<Map<string, Caption[]>> {
  const known = new Set(pictures.map(({ path }) => path))
  const byStem = new Map(pictures.map(({ path }) => [stemOf(path), path]))
  const found = new Map<string, Caption[]>()
  const add = (caption: Caption) => {
    if (!known.has(caption.picture))
      return skipped.add('caption of a picture that is not there', `${caption.from}: ${caption.picture}`)
    if (wordsOf(caption.text).length < minWords)
      return skipped.add('caption with too few words', `${caption.from}: ${caption.text}`)
    const others = found.get(caption.picture) ?? []
    if (!others.some(({ text }) => text === caption.text)) found.set(caption.picture, [...others, caption])
  }
  for (const file of texts) {
    const picture = byStem.get(stemOf(file.path))
    if (picture !== undefined && /\.(?:txt|caption|json)$/i.test(file.path))
      for (const text of await sidecarCaptions(file)) add({ picture, text, from: file.path })
    else if (PAGE.test(file.path)) for (const caption of await pageCaptions(file)) add(caption)
    else if (tableFormat(file.path) !== undefined && extname(file.path) !== '.json') {
      try {
        for await (const caption of tableCaptions(file)) add(caption)
      } catch (error) {
        // A table of something else may be broken without any harm to the pictures.
        if (!(error instanceof FieldtrialError) || error.code !== 'DATA_INVALID') throw error
        skipped.add('table that cannot be read', file.path)
      }
    }
  }
  return found
}

async function contentHash(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}
