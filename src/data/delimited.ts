import { Readable } from 'node:stream'
import { CsvError, type Info, parse } from 'csv-parse'
import type { ByteSource } from './byte-source.ts'
import { readLineBatches } from './lines.ts'
import { invalid, type Row, type RowBatch } from './record.ts'

const BATCH = 1024

/**
 * Rows of a CSV or TSV file. CSV follows RFC 4180 (quotes, line breaks inside quotes); in TSV a quote is an ordinary
 * character, as MS MARCO and BEIR write it.
 *
 * @param header Whether the first line names the columns; else they are called `1`, `2` …
 * @throws FieldtrialError `DATA_INVALID` on a row with more or fewer cells than the first, or an open quote.
 */
export async function* readDelimited(
  source: ByteSource,
  delimiter: ',' | '\t',
  header: boolean,
): AsyncGenerator<RowBatch> {
  const parser = parse({
    delimiter,
    quote: delimiter === '\t' ? null : '"',
    info: true,
    skip_empty_lines: true,
    columns: header
      ? (names: string[]) => checkHeader(names, source.label)
      : (first: string[]) => first.map((_, i) => String(i + 1)),
  })
  // Lines are checked for UTF-8 and the byte order mark on their way; csv-parse would silently replace broken bytes.
  const text = Readable.from(linesAsText(source, header))
  text.on('error', (error) => parser.destroy(error))
  text.pipe(parser)
  let rows: Row[] = []
  let lines: number[] = []
  const batch = (): RowBatch => {
    const numbers = lines
    return { rows, where: (i) => ({ file: source.label, line: numbers[i]! }) }
  }
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Row; info: Info }>) {
      rows.push(record)
      lines.push(info.lines - (header ? 0 : 1))
      if (rows.length < BATCH) continue
      yield batch()
      rows = []
      lines = []
    }
  } catch (error) {
    throw asCsvError(error, source.label, header)
  } finally {
    text.destroy()
    parser.destroy()
  }
  if (rows.length > 0) yield batch()
}

async function* linesAsText(source: ByteSource, header: boolean): AsyncGenerator<string> {
  let first = true
  for await (const { lines } of readLineBatches(source)) {
    // Without a header csv-parse still takes its column names from a first line: give it a copy to consume.
    if (first && !header) yield `${lines[0]}\n`
    first = false
    yield `${lines.join('\n')}\n`
  }
}

function checkHeader(names: readonly string[], file: string): string[] {
  const trimmed = names.map((name) => name.trim())
  const twice = trimmed.find((name, i) => trimmed.indexOf(name) !== i)
  if (twice !== undefined)
    throw invalid(
      { file, line: 1 },
      `the column "${twice}" stands there twice.`,
      'Give every column a name of its own.',
    )
  return trimmed
}

function asCsvError(error: unknown, file: string, header: boolean): unknown {
  if (!(error instanceof CsvError)) return error
  const { lines } = error as { lines?: number }
  return invalid(
    lines === undefined ? { file } : { file, line: lines - (header ? 0 : 1) },
    error.message.replace(/ (on|at) line \d+/, ''),
    'Every row needs as many cells as the first; in CSV, cells with commas, quotes or line breaks stand in quotes, and a quote inside is doubled.',
    error,
  )
}
