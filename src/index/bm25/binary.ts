import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { endianness } from 'node:os'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, systemCode, throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'

/** What is known about a file beside it, to tell whether it is whole. */
export interface FileSeal {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array

/** Bytes handled at a time. */
const CHUNK = 1 << 22
/** Strings handled at a time. */
const STRINGS = 1 << 14

/** The bytes of an array, without a copy. Files are little-endian; all machines that Node supports well are. */
function bytesOf(numbers: Numbers): Uint8Array {
  if (endianness() !== 'LE')
    throw new FieldtrialError('USAGE', 'BM25 indexes cannot be saved or loaded on a big-endian machine.', {
      hint: 'Use a little-endian machine (x86-64, ARM).',
    })
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

export function corrupt(path: string, what: string, cause?: unknown): FieldtrialError {
  return new FieldtrialError('WORKSPACE_CORRUPT', `${path} ${what}.`, {
    hint: 'Delete the folder that it lies in; the index is then built again.',
    where: { file: path },
    cause,
  })
}

/** Writes arrays and strings one after another to a file that appears only when it is whole. */
export async function writeSealed(
  path: string,
  name: string,
  parts: readonly (Numbers | readonly string[])[],
  work: LongWork,
): Promise<FileSeal> {
  const hash = createHash('sha256')
  let bytes = 0
  await writeAtomic(path, async (file) => {
    const put = async (piece: Uint8Array): Promise<void> => {
      for (let at = 0; at < piece.length; at += CHUNK) {
        throwIfAborted(work.signal)
        const chunk = piece.subarray(at, at + CHUNK)
        hash.update(chunk)
        for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten
        bytes += chunk.length
      }
    }
    for (const part of parts) {
      if (!isStrings(part)) await put(bytesOf(part))
      else {
        await put(bytesOf(Uint32Array.from(part, (text) => Buffer.byteLength(text))))
        for (let i = 0; i < part.length; i += STRINGS) await put(Buffer.from(part.slice(i, i + STRINGS).join('')))
      }
    }
  })
  return { file: name, bytes, sha256: hash.digest('hex') }
}

function isStrings(part: Numbers | readonly string[]): part is readonly string[] {
  return Array.isArray(part)
}

/** Reads back what `writeSealed` wrote, part by part, and checks at the end that it is what was written. */
export class SealedReader {
  readonly #file: FileHandle
  readonly #path: string
  readonly #seal: FileSeal
  readonly #hash = createHash('sha256')
  readonly #work: LongWork
  #at = 0

  private constructor(file: FileHandle, path: string, seal: FileSeal, work: LongWork) {
    this.#file = file
    this.#path = path
    this.#seal = seal
    this.#work = work
  }

  /** Opens a file for `read`, closes it after; the parts that `read` gives are only to be used if this returns. */
  static async with<T>(
    path: string,
    seal: FileSeal,
    work: LongWork,
    read: (reader: SealedReader) => Promise<T>,
  ): Promise<T> {
    let file: FileHandle
    try {
      file = await open(path, 'r')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw corrupt(path, 'is not there', error)
      throw error
    }
    try {
      const { size } = await file.stat()
      if (size !== seal.bytes) throw corrupt(path, `has ${size} bytes and should have ${seal.bytes}`)
      const reader = new SealedReader(file, path, seal, work)
      const result = await read(reader)
      if (reader.#at !== seal.bytes) throw corrupt(path, 'has more bytes than its parts')
      if (reader.#hash.digest('hex') !== seal.sha256) throw corrupt(path, 'is damaged (its checksum differs)')
      return result
    } finally {
      await file.close()
    }
  }

  /** Fills an array. */
  async numbers<T extends Numbers>(into: T): Promise<T> {
    const bytes = bytesOf(into)
    if (this.#at + bytes.length > this.#seal.bytes) throw corrupt(this.#path, 'is shorter than its parts')
    for (let at = 0; at < bytes.length; ) {
      throwIfAborted(this.#work.signal)
      const { bytesRead } = await this.#file.read(bytes, at, Math.min(CHUNK, bytes.length - at), this.#at)
      if (bytesRead === 0) throw corrupt(this.#path, 'ends too early')
      this.#hash.update(bytes.subarray(at, at + bytesRead))
      at += bytesRead
      this.#at += bytesRead
    }
    return into
  }

  async strings(count: number): Promise<string[]> {
    const lengths = await this.numbers(new Uint32Array(count))
    const strings: string[] = []
    for (let i = 0; i < count; i += STRINGS) {
      const some = lengths.subarray(i, i + STRINGS)
      const bytes = await this.numbers(new Uint8Array(some.reduce((sum, length) => sum + length, 0)))
      const text = Buffer.from(bytes.buffer)
      let at = 0
      for (const length of some) {
        strings.push(text.toString('utf8', at, at + length))
        at += length
      }
    }
    return strings
  }
}
