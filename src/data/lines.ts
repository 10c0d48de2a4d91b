import { isUtf8 } from 'node:buffer'
import { FieldtrialError } from '../core/errors.ts'
import { type ByteSource, readContent } from './byte-source.ts'

/** Some lines in a row; `first` is the number of the first one, counted from 1. */
export interface LineBatch {
  readonly first: number
  readonly lines: readonly string[]
}

/** A line longer than this is no record but a broken file (or one without line breaks), and would fill the memory. */
const MAX_LINE_BYTES = 256 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * Lines of a UTF-8 text file in batches (a batch per piece read, because an await for each line would cost more than
 * parsing it). A byte order mark and carriage returns at line ends are dropped; a last line without a break counts.
 *
 * @throws FieldtrialError `DATA_INVALID` on bytes that are not UTF-8, or on a line of more than 256 MiB.
 */
export async function* readLineBatches(source: ByteSource): AsyncGenerator<LineBatch> {
  let rest: Buffer[] = []
  let restBytes = 0
  let next = 1
  for await (const piece of readContent(source)) {
    const end = piece.lastIndexOf(NEWLINE)
    if (end < 0) {
      rest.push(piece)
      restBytes += piece.length
      if (restBytes > MAX_LINE_BYTES) throw tooLong(source, next)
      continue
    }
    const block = Buffer.concat([...rest, piece.subarray(0, end)])
    rest = [piece.subarray(end + 1)]
    restBytes = rest[0]!.length
    const lines = decodeLines(block, next, source)
    yield { first: next, lines }
    next += lines.length
  }
  if (restBytes > 0) yield { first: next, lines: decodeLines(Buffer.concat(rest), next, source) }
}

function decodeLines(block: Buffer, first: number, source: ByteSource): string[] {
  if (!isUtf8(block)) throw notUtf8(block, first, source)
  let text = block.toString('utf8')
  if (first === 1 && text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  const lines = text.split('\n')
  if (text.includes('\r'))
    for (let i = 0; i < lines.length; i++) if (lines[i]!.endsWith('\r')) lines[i] = lines[i]!.slice(0, -1)
  return lines
}

function notUtf8(block: Buffer, first: number, source: ByteSource): FieldtrialError {
  let line = first
  let start = 0
  while (start < block.length) {
    const at = block.indexOf(NEWLINE, start)
    const end = at < 0 ? block.length : at
    if (!isUtf8(block.subarray(start, end))) break
    line++
    start = end + 1
  }
  const utf16 = first === 1 && ((block[0] === 0xff && block[1] === 0xfe) || (block[0] === 0xfe && block[1] === 0xff))
  return new FieldtrialError(
    'DATA_INVALID',
    utf16
      ? `${source.label} is UTF-16 text; UTF-8 is needed.`
      : `${source.label}:${line}: the line is not valid UTF-8 text.`,
    {
      hint: utf16
        ? `Convert it: iconv -f UTF-16 -t UTF-8 FILE.`
        : 'Convert the file to UTF-8 (for example `iconv -f LATIN1 -t UTF-8 FILE`) or mend that line.',
      where: { file: source.label, line: utf16 ? 1 : line },
    },
  )
}

function tooLong(source: ByteSource, line: number): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', `${source.label}:${line}: the line is longer than 256 MiB.`, {
    hint: 'JSONL holds one record on each line; a JSON array over the whole file must be converted (jq -c ".[]").',
    where: { file: source.label, line },
  })
}
