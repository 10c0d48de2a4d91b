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
import type { RowBatch } from './record.ts'

/**
 * Rows of a parquet file, one row group at a time, read from the file in place: memory is bounded by the largest row
 * group. Row numbers (counted from 1) stand where other formats have lines.
 *
 * @param columns Columns to read; names that the file lacks are left out. Default: all.
 * @throws FieldtrialError `DATA_INVALID` when the file is no sound parquet file.
 */
export async function* readParquet(source: ByteSource, columns?: readonly string[]): AsyncGenerator<RowBatch> {
  const file = await asyncBufferFromFile(await onDisk(source))
  let metadata: FileMetaData
  try {
    metadata = await parquetMetadataAsync(file)
  } catch (error) {
    throw broken(source, error)
  }
  const present = parquetSchema(metadata).children.map((child) => child.element.name)
  const wanted = columns === undefined ? present : present.filter((name) => columns.includes(name))
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const first = rowStart + 1
    if (rowEnd > rowStart) {
      const rows = await parquetReadObjects({ file, metadata, columns: wanted, rowStart, rowEnd, compressors }).catch(
        (error: unknown) => {
          throw broken(source, error)
        },
      )
      yield { rows, where: (i) => ({ file: source.label, line: first + i }) }
    }
    rowStart = rowEnd
  }
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
