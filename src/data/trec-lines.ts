import { type FieldtrialError, throwIfAborted } from '../core/errors.ts'
import { type ByteSource, fileSource, readContent } from './byte-source.ts'
import { invalid } from './record.ts'

const NEWLINE = 0x0a

/** Takes whole lines: `bytes[start, end)` ends with a line break. */
export interface LineSink {
  take(bytes: Buffer, start: number, end: number): void
}

export function asSource(file: string | ByteSource): ByteSource {
  return typeof file === 'string' ? fileSource(file) : file
}

/** Hands the content of a file (decompressed if its name ends in `.gz`) to the sink in pieces of whole lines, without copying more than the line that a piece cuts. */
export async function feedFile(source: ByteSource, sink: LineSink, signal?: AbortSignal): Promise<void> {
  let rest: Buffer[] = []
  let first = true
  for await (const piece of readContent(source)) {
    throwIfAborted(signal)
    let start = first ? afterMark(piece) : 0
    first = false
    const last = piece.lastIndexOf(NEWLINE)
    if (last < 0) {
      rest.push(start > 0 ? piece.subarray(start) : piece)
      continue
    }
    if (rest.length > 0) {
      const head = piece.indexOf(NEWLINE) + 1
      const line = Buffer.concat([...rest, piece.subarray(0, head)])
      sink.take(line, 0, line.length)
      start = head
    }
    if (start <= last) sink.take(piece, start, last + 1)
    rest = last + 1 < piece.length ? [piece.subarray(last + 1)] : []
  }
  if (rest.length > 0) feedTail(Buffer.concat(rest), sink)
}

/** Hands a whole file's bytes to the sink. */
export function feedBytes(content: Buffer, sink: LineSink): void {
  const start = afterMark(content)
  const last = content.lastIndexOf(NEWLINE)
  if (last >= start) sink.take(content, start, last + 1)
  const tail = content.subarray(Math.max(start, last + 1))
  if (tail.length > 0) feedTail(tail, sink)
}

function feedTail(tail: Buffer, sink: LineSink): void {
  const line = Buffer.concat([tail, Buffer.from('\n')])
  sink.take(line, 0, line.length)
}

function afterMark(bytes: Buffer): number {
  return bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}

/** The error for a line of the wrong number of columns; counts them as a person would. */
export function wrongColumns(
  file: string,
  line: number,
  bytes: Buffer,
  lineStart: number,
  want: string,
  hint: string,
): FieldtrialError {
  const end = bytes.indexOf(NEWLINE, lineStart)
  const columns = bytes.toString('utf8', lineStart, end).trim().split(/\s+/).length
  return invalid(
    { file, line },
    `the line has ${columns} column${columns === 1 ? '' : 's'}; a line holds ${want}.`,
    hint,
  )
}

export function badId(file: string, line: number): FieldtrialError {
  return invalid(
    { file, line },
    'an id is not valid UTF-8 text.',
    'Convert the file to UTF-8 (for example `iconv -f LATIN1 -t UTF-8 FILE`).',
  )
}
