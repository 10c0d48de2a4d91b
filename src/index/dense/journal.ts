import { open, readFile } from 'node:fs/promises'
import { asWriteError } from '../../core/atomic.ts'
import { FieldtrialError, systemCode } from '../../core/errors.ts'

/** What making a shard cost. */
export interface ShardStats {
  /** Tokens through the model; null where a server does not tell. */
  readonly tokens: number | null
  /** Documents that were cut; null where a server does not tell. */
  readonly truncated: number | null
  /** Seconds that the encoder was at work. */
  readonly seconds: number
}

/** A file as it was written. */
export interface FileRecord {
  /** Size of the file. */
  readonly bytes: number
  /** Of the file: 64 hexadecimal digits. */
  readonly sha256: string
}

/** One line of the journal: a shard that is whole. Size and checksum are those of the file of dense vectors. */
export interface JournalEntry extends ShardStats, FileRecord {
  readonly shard: number
  readonly rows: number
  /** The file of sparse vectors, in stores that have them. */
  readonly sparse?: FileRecord
}

const natural = (x: unknown) => Number.isSafeInteger(x) && (x as number) >= 0

function isFile(value: unknown): value is FileRecord {
  const file = value as Partial<Record<keyof FileRecord, unknown>> | null
  return typeof file === 'object' && file !== null && natural(file.bytes) && typeof file.sha256 === 'string'
}

function isEntry(value: unknown): value is JournalEntry {
  if (!isFile(value)) return false
  const entry = value as Partial<Record<keyof JournalEntry, unknown>>
  return (
    natural(entry.shard) &&
    natural(entry.rows) &&
    (entry.sparse === undefined || isFile(entry.sparse)) &&
    (entry.tokens === null || natural(entry.tokens)) &&
    (entry.truncated === null || natural(entry.truncated)) &&
    typeof entry.seconds === 'number'
  )
}

/** The whole lines of a journal; a line that a killed process left half-written is not JSON and is passed over. */
export function parseJournal(text: string): JournalEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line)
      return isEntry(entry) ? [entry] : []
    } catch {
      return []
    }
  })
}

export async function readJournal(path: string): Promise<JournalEntry[]> {
  try {
    return parseJournal(await readFile(path, 'utf8'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Adds a line with one write at the end of the file, so that lines of two processes do not mix, and flushes it.
 *
 * @throws FieldtrialError `DISK_FULL`; a line written in part is passed over by readers.
 */
export async function appendJournal(path: string, entry: JournalEntry): Promise<void> {
  try {
    const file = await open(path, 'a+')
    try {
      const { size } = await file.stat()
      const last = Buffer.alloc(1)
      if (size > 0) await file.read(last, 0, 1, size - 1)
      // After a torn line the new one must not become its continuation.
      const torn = size > 0 && last[0] !== 0x0a
      const line = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(entry)}\n`)
      const { bytesWritten } = await file.write(line)
      if (bytesWritten !== line.length)
        throw new FieldtrialError('DISK_FULL', `No room left on the disk while writing ${path}.`, {
          hint: 'Free some space, then run the same command again: finished shards are kept.',
          where: { file: path },
        })
      await file.datasync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw asWriteError(error, path)
  }
}
