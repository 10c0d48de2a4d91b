import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { noPicture } from '../../data/image.ts'
import type { Document, FileCollection, Query } from '../../data/index.ts'
import { type AskedSplit, allQueries } from './asked.ts'

/** Characters written at a time. */
const PIECE = 1 << 20

/**
 * Writes a sample as a BEIR folder: the kept documents in the order of the whole collection, the kept queries of all splits, their
 * judgments (those of absent documents too, since they decide the ideal ranking), and pictures under `images/`.
 *
 * @returns How many documents were written.
 */
export async function writeSample(
  folder: string,
  whole: FileCollection,
  keep: ReadonlySet<string>,
  splits: readonly AskedSplit[],
  work: LongWork & { readonly total: number },
): Promise<number> {
  let written = 0
  await writeAtomic(join(folder, 'corpus.jsonl'), (file) =>
    writeLines(file, async function* () {
      let done = 0
      for await (const document of whole.documents()) {
        if (++done % 10_000 === 0) {
          throwIfAborted(work.signal)
          const { total } = work
          work.onProgress?.({ step: 'write sample', subject: whole.name, done, total, unit: 'documents' })
        }
        if (!keep.has(document.id)) continue
        written++
        yield await record(folder, document, { title: document.title })
      }
    }),
  )
  await writeAtomic(join(folder, 'queries.jsonl'), (file) =>
    writeLines(file, async function* () {
      for (const query of allQueries(splits)) yield await record(folder, query, {})
    }),
  )
  for (const { split, qrels } of splits)
    await writeAtomic(join(folder, 'qrels', `${split}.tsv`), (file) =>
      writeLines(file, async function* () {
        yield 'query-id\tcorpus-id\tscore\n'
        for (const [query, grades] of qrels)
          for (const [document, grade] of grades) yield `${query}\t${document}\t${grade}\n`
      }),
    )
  return written
}

async function writeLines(file: FileHandle, lines: () => AsyncIterable<string>): Promise<void> {
  let piece = ''
  for await (const line of lines()) {
    piece += line
    if (piece.length < PIECE) continue
    await file.writeFile(piece)
    piece = ''
  }
  await file.writeFile(piece)
}

async function record(folder: string, { id, text, image }: Document | Query, more: object): Promise<string> {
  if (image === undefined) return `${JSON.stringify({ _id: id, ...more, text })}\n`
  let bytes: Uint8Array
  try {
    bytes = await image.bytes()
  } catch (error) {
    // A broken picture stays one in the sample, under a name that nothing has there.
    const path = noPicture(error) === null ? null : image.path
    if (path === null) throw error
    return `${JSON.stringify({ _id: id, ...more, text, image: path })}\n`
  }
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  const path = `images/${name}${extname(image.path ?? '').toLowerCase() || '.img'}`
  await writeAtomic(join(folder, path), bytes)
  return `${JSON.stringify({ _id: id, ...more, text, image: path })}\n`
}
