import { type FileHandle, open } from 'node:fs/promises'
import { FieldtrialError, systemCode } from '../../core/errors.ts'

/**
 * What all files of a store have in common: safetensors with a padded header, so that numbers lie aligned.
 * Format: https://github.com/huggingface/safetensors#format
 */
const ALIGNMENT = 64
/** A header beyond this is not one of ours. */
const LONGEST_HEADER = 1 << 28

/** One tensor's place and shape, as a header gives it; nothing is checked yet. */
export interface TensorEntry {
  readonly dtype?: unknown
  readonly shape?: unknown
  readonly data_offsets?: unknown
}

/** A file whose header has been read. The numbers begin at `dataAt`, counted in bytes from the start of the file. */
export interface TensorFile {
  readonly path: string
  readonly file: FileHandle
  /** The header, JSON. */
  readonly header: string
  readonly dataAt: number
}

export const bytesOf = (array: Float32Array | Uint32Array | Uint16Array | Int8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

export function corrupt(path: string, what: string): FieldtrialError {
  return new FieldtrialError('WORKSPACE_CORRUPT', `${path} ${what}.`, {
    hint: 'Remove this file and run the same command again: only this shard is encoded anew.',
    where: { file: path },
  })
}

/** Where a tensor begins and ends, in bytes behind the header; null where the header does not say it. */
export function ends(entry: TensorEntry): readonly [number, number] | null {
  const offsets = entry.data_offsets
  return Array.isArray(offsets) && offsets.length === 2 && offsets.every(Number.isSafeInteger)
    ? (offsets as [number, number])
    : null
}

/** The first bytes of a file: the header's length, the header, and spaces up to where the numbers begin. */
export function headerPiece(header: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const padded = Buffer.alloc(Math.ceil((8 + json.length) / ALIGNMENT) * ALIGNMENT, ' ')
  padded.writeBigUInt64LE(BigInt(padded.length - 8))
  json.copy(padded, 8)
  return padded
}

/** Fills `target` from a place in the file; a file that ends before is damaged. */
export async function readFully(file: FileHandle, target: Uint8Array, at: number, path: string): Promise<void> {
  let done = 0
  while (done < target.length) {
    const { bytesRead } = await file.read(target, done, target.length - done, at + done)
    if (bytesRead === 0) throw corrupt(path, 'ends too early')
    done += bytesRead
  }
}

/**
 * Opens a file, reads its header, and hands both to `parse`; the handle stays open unless that throws.
 *
 * @throws FieldtrialError `WORKSPACE_CORRUPT` if it is not there or has no header of ours.
 */
export async function openTensorFile<T>(path: string, parse: (opened: TensorFile) => T | Promise<T>): Promise<T> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw corrupt(path, 'is gone')
    throw error
  }
  try {
    const length = Buffer.alloc(8)
    await readFully(file, length, 0, path)
    const headerBytes = Number(length.readBigUInt64LE())
    if (headerBytes > LONGEST_HEADER) throw corrupt(path, 'is not a safetensors file')
    const header = Buffer.alloc(headerBytes)
    await readFully(file, header, 8, path)
    return await parse({ path, file, header: header.toString('utf8'), dataAt: 8 + headerBytes })
  } catch (error) {
    await file.close()
    throw error
  }
}
