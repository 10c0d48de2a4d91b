import type { Readable } from 'node:stream'
import { type Entry, openPromise } from 'yauzl'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'

/**
 * The files in a zip archive, each readable as a stream without unpacking the archive.
 *
 * @returns Path inside the archive → its bytes.
 * @throws FieldtrialError `DATA_MISSING`, or `DATA_INVALID` when it is no sound zip.
 */
export async function zipEntries(path: string): Promise<Map<string, ByteSource>> {
  const sources = new Map<string, ByteSource>()
  try {
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false })
    try {
      for await (const entry of zip.eachEntry())
        if (!entry.fileName.endsWith('/') && !entry.fileName.startsWith('__MACOSX/'))
          sources.set(entry.fileName, {
            label: `${path}/${entry.fileName}`,
            file: path,
            open: () => openEntry(path, entry),
          })
    } finally {
      zip.close()
    }
  } catch (error) {
    throw asZipError(error, path)
  }
  return sources
}

async function openEntry(path: string, entry: Entry): Promise<Readable> {
  try {
    // The archive closes itself once the stream that is read from it has ended.
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false })
    const stream = await zip.openReadStreamPromise(entry)
    stream.once('close', () => zip.close())
    stream.once('error', () => zip.close())
    return stream
  } catch (error) {
    throw asZipError(error, path)
  }
}

function asZipError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  if (code === 'ENOENT')
    return new FieldtrialError('DATA_MISSING', `There is no file ${path}.`, {
      hint: 'Check the path.',
      where: { file: path },
      cause: error,
    })
  if (code !== undefined) return error
  return new FieldtrialError('DATA_INVALID', `${path} is not a sound zip archive (${(error as Error).message}).`, {
    hint: 'Fetch or copy the archive again.',
    where: { file: path },
    cause: error,
  })
}
