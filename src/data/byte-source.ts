import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { asReadError } from '../core/read-error.ts'

/** A file's bytes wherever they lie: on the disk, compressed, or inside an archive. May be opened any number of times. */
export interface ByteSource {
  /** For messages, e.g. `data/corpus.jsonl.gz` or `scifact.zip/scifact/corpus.jsonl`. */
  readonly label: string
  /** The file on the disk that holds the bytes; its size and time tell whether the content has changed. */
  readonly file: string
  /** Raw bytes, not decompressed. */
  open(): Promise<Readable>
}

/** A plain file on the disk. */
export function fileSource(path: string): ByteSource {
  return {
    label: path,
    file: path,
    open: async () => {
      // createReadStream reports a missing file only at the first read; asking now gives the error its place.
      await requireFile(path)
      return createReadStream(path, { highWaterMark: 1 << 18 })
    },
  }
}

/** @throws FieldtrialError `DATA_MISSING` when there is no such file. */
async function requireFile(path: string): Promise<void> {
  try {
    const found = await stat(path)
    // A pipe, as in `<(zcat run.gz)`, can be read once, which is all that most readers need.
    if (found.isFile() || found.isFIFO() || found.isCharacterDevice()) return
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw asReadError(error)
  }
  throw new FieldtrialError('DATA_MISSING', `There is no file ${path}.`, {
    hint: 'Check the path.',
    where: { file: path },
  })
}

/**
 * The content of a source in pieces, decompressed when its name ends in `.gz`.
 *
 * @throws FieldtrialError `DATA_INVALID` when a compressed file is cut short or damaged, `DATA_MISSING` when it may not be read.
 */
export async function* readContent(source: ByteSource): AsyncGenerator<Buffer> {
  const raw = await source.open()
  if (!/\.gz$/i.test(source.label)) {
    try {
      for await (const piece of raw) yield piece as Buffer
    } catch (error) {
      throw source.label === source.file ? asReadError(error) : asEntryError(error, source)
    } finally {
      raw.destroy()
    }
    return
  }
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  raw.on('error', (error) => gunzip.destroy(error))
  raw.pipe(gunzip)
  try {
    for await (const piece of gunzip) yield piece as Buffer
  } catch (error) {
    throw asGzipError(error, source.label)
  } finally {
    raw.destroy()
    gunzip.destroy()
  }
}

function asGzipError(error: unknown, label: string): unknown {
  const code = systemCode(error)
  if (!code?.startsWith('Z_')) return asReadError(error)
  const cut = code === 'Z_BUF_ERROR'
  return new FieldtrialError(
    'DATA_INVALID',
    cut
      ? `${label} ends too early: the compressed file is cut short.`
      : `${label} is not a sound gzip file (${(error as Error).message}).`,
    {
      hint: cut
        ? 'Fetch or copy the file again.'
        : 'Fetch the file again, or drop the .gz from its name if it is not compressed.',
      where: { file: label },
      cause: error,
    },
  )
}

/** Archives report a damaged entry only while it is read. */
function asEntryError(error: unknown, source: ByteSource): unknown {
  const code = systemCode(error)
  if (error instanceof FieldtrialError || (code !== undefined && !code.startsWith('Z_'))) return error
  return new FieldtrialError('DATA_INVALID', `${source.label} is damaged (${(error as Error).message}).`, {
    hint: `Fetch or copy ${source.file} again.`,
    where: { file: source.label },
    cause: error,
  })
}
