import { extname } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { readDelimited } from './delimited.ts'
import { readJsonl } from './jsonl.ts'
import { readParquet } from './parquet.ts'
import type { RowBatch } from './record.ts'

export type TableFormat = 'jsonl' | 'parquet' | 'csv' | 'tsv'

/** A file of rows, and how to read it. */
export interface TableFile {
  readonly source: ByteSource
  readonly format: TableFormat
}

const FORMATS: Readonly<Record<string, TableFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'jsonl',
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.tsv': 'tsv',
}

/** The format that a file's name promises, `.gz` set aside; undefined for files that are no tables. */
export function tableFormat(name: string): TableFormat | undefined {
  return FORMATS[extname(name.replace(/\.gz$/i, '')).toLowerCase()]
}

/**
 * A source as a table, by its name.
 *
 * @throws FieldtrialError `DATA_INVALID` when the ending says nothing.
 */
export function tableFile(source: ByteSource): TableFile {
  const format = tableFormat(source.label)
  if (format !== undefined) return { source, format }
  throw new FieldtrialError('DATA_INVALID', `${source.label}: the name does not tell the format.`, {
    hint: `Files end in ${Object.keys(FORMATS).join(', ')}, with or without .gz.`,
    where: { file: source.label },
  })
}

export interface ReadTableOptions {
  /** False when CSV and TSV files begin with data; the columns are then called `1`, `2` … Default: true. */
  readonly header?: boolean
  /** Only these columns are needed; formats that can leave others unread do so. */
  readonly columns?: readonly string[]
}

/** The rows of a table in batches, in order, with bounded memory. */
export function readTable(table: TableFile, options: ReadTableOptions = {}): AsyncGenerator<RowBatch> {
  switch (table.format) {
    case 'jsonl':
      return readJsonl(table.source)
    case 'parquet':
      return readParquet(table.source, options.columns)
    case 'csv':
      return readDelimited(table.source, ',', options.header ?? true)
    case 'tsv':
      return readDelimited(table.source, '\t', options.header ?? true)
  }
}
