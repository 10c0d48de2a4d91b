import { stat } from 'node:fs/promises'
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { FieldtrialError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { IMAGE_FIELD } from './image.ts'
import type { Row, RowBatch } from './record.ts'

/** Rows `rowStart` (from 0) to `rowEnd` of a file, the end left out. */
export interface RowRange {
  readonly rowStart: number
  readonly rowEnd: number
}

/**
 * Rows of a parquet file, one row group at a time, read from the file in place: memory is bounded by the largest row
 * group. Row numbers (counted from 1) stand where other formats have lines.
 *
 * @param columns Columns to read; names that the file lacks are left out. Default: all.
 * @param group Only the row group that holds this row (counted from 0). Default: all groups.
 * @throws FieldtrialError `DATA_INVALID` when the file is no sound parquet file.
 */
export async function* readParquet(
  source: ByteSource,
  columns?: readonly string[],
  group?: number,
): AsyncGenerator<RowBatch & RowRange> {
  const file = await asyncBufferFromFile(await onDisk(source))
  let metadata: FileMetaData
  try {
    metadata = await parquetMetadataAsync(file)
  } catch (error) {
    throw broken(source, error)
  }
  const { children } = parquetSchema(metadata)
  const wanted = children.filter(({ element }) => columns === undefined || columns.includes(element.name))
  // Bytes without a name for their meaning are text in old files, but pictures in those of the hub.
  const untyped = wanted.filter(
    ({ element: { name, type, converted_type, logical_type } }) =>
      type === 'BYTE_ARRAY' && converted_type === undefined && logical_type === undefined && name !== IMAGE_FIELD,
  )
  const options = { file, metadata, columns: wanted.map(({ element }) => element.name), utf8: false, compressors }
  let rowStart = 0
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows)
    const first = rowStart + 1
    if (rowEnd > rowStart && (group === undefined || (rowStart <= group && group < rowEnd))) {
      const rows = await parquetReadObjects({ ...options, rowStart, rowEnd }).catch((error: unknown) => {
        throw broken(source, error)
      })
      for (const { element } of untyped) for (const row of rows) decode(row, element.name)
      yield { rows: rows as Row[], where: (i) => ({ file: source.label, line: first + i }), rowStart, rowEnd }
    }
    rowStart = rowEnd
  }
}

const UTF8 = new TextDecoder()

function decode(row: Record<string, unknown>, name: string): void {
  const value = row[name]
  if (value instanceof Uint8Array) row[name] = UTF8.decode(value)
}

async function onDisk(source: ByteSource): Promise<string> {
  if (source.label !== source.file)
    throw new FieldtrialError('DATA_INVALID', `${source.label}: parquet files are not read out of archives.`, {
      hint: 'Unpack the archive and name the folder.',
      where: { file: source.label },
    })
  await stat(source.file).catch((cause: unknown) => {
    throw new FieldtrialError('DATA_MISSING', `There is no file ${source.file}.`, {
      hint: 'Check the path.',
      where: { file: source.file },
      cause,
    })
  })
  return source.file
}

function broken(source: ByteSource, cause: unknown): FieldtrialError {
  return new FieldtrialError(
    'DATA_INVALID',
    `${source.label} is not a sound parquet file (${cause instanceof Error ? cause.message : String(cause)}).`,
    { hint: 'Fetch or write the file again.', where: { file: source.label }, cause },
  )
}
