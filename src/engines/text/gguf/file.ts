import { type FileHandle, open } from 'node:fs/promises'
import { FieldtrialError, systemCode } from '../../../core/errors.ts'
import type { Metadata } from './metadata.ts'
import { type GgufTensor, parseGguf, TooShort } from './parse.ts'

/** The header of a GGUF file. */
export interface GgufHeader {
  readonly file: string
  readonly metadata: Metadata
  readonly tensors: readonly GgufTensor[]
  /** Bytes of the file. */
  readonly size: number
}

/** Bytes that are read at first: vocabularies of 150,000 tokens take 6 to 12 million. */
const FIRST_READ = 1 << 20

/** Whether a path names a GGUF file. */
export function isGguf(path: string): boolean {
  return /\.gguf$/i.test(path)
}

/**
 * Reads a GGUF file's metadata and list of tensors (format: ggml's docs/gguf.md, versions 2 and 3), and compares what the tensors take with
 * the size of the file, so that one that is cut short is known before anything is loaded. No weights are read.
 *
 * @throws FieldtrialError `MODEL_MISSING`; `MODEL_INVALID` where the file is no GGUF, of another version or byte order, or cut short.
 */
export async function readGguf(file: string): Promise<GgufHeader> {
  const handle = await openFile(file)
  try {
    const info = await handle.stat()
    if (!info.isFile()) throw invalid(file, 'is no file')
    const { size } = info
    // What does not suffice is read again, four times as much: strings are parsed without waiting for the disk.
    for (let length = FIRST_READ; ; length *= 4) {
      const bytes = Buffer.alloc(Math.min(length, size))
      await readWhole(handle, bytes)
      try {
        const { metadata, tensors, end } = parseGguf(bytes, (what) => invalid(file, what))
        if (end > size) throw invalid(file, `is cut short: its weights end at byte ${end}, the file at byte ${size}`)
        return { file, metadata, tensors, size }
      } catch (error) {
        if (!(error instanceof TooShort)) throw error
        if (bytes.length === size) throw invalid(file, `is cut short: it ends at byte ${size}, inside its header`)
      }
    }
  } finally {
    await handle.close()
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file)
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT' && systemCode(cause) !== 'ENOTDIR') throw cause
    throw new FieldtrialError('MODEL_MISSING', `There is no file ${file}.`, {
      where: { file },
      hint: 'Check the path.',
      cause,
    })
  }
}

async function readWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, done)
    if (bytesRead === 0) return
    done += bytesRead
  }
}

function invalid(file: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, {
    where: { file },
    hint: 'Fetch the file again: a download that was broken off is the usual cause.',
  })
}
