import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'

type Column = 'STRING' | 'INT64' | 'DOUBLE'

export interface ParquetOptions {
  readonly rowGroupSize?: number
  readonly codec?: 'SNAPPY' | 'UNCOMPRESSED'
}

/** A picture as the hub's data sets hold it: a struct of bytes and path. */
export interface StoredImage {
  readonly bytes: Uint8Array | null
  readonly path: string | null
}

/** A parquet file of these rows; every column's type is told by its first value, numbers being INT64 or DOUBLE. */
export function parquetOf(
  rows: readonly Readonly<Record<string, string | number | bigint>>[],
  options: ParquetOptions = {},
): Uint8Array {
  const typeOf = (value: unknown): Column =>
    typeof value === 'bigint' ? 'INT64' : typeof value === 'number' ? 'DOUBLE' : 'STRING'
  const columnData = Object.keys(rows[0]!).map((name) => ({
    name,
    data: rows.map((row) => row[name]!),
    type: typeOf(rows[0]![name]),
  }))
  return new Uint8Array(parquetWriteBuffer({ columnData, ...options }))
}

/**
 * The same with structs and nulls: strings, `bigint` for INT64, small numbers for INT8 as M-BEIR's scores are, and pictures, whose
 * bytes carry no annotation.
 */
export function nestedParquetOf(
  rows: readonly Readonly<Record<string, string | number | bigint | StoredImage | null>>[],
  options: ParquetOptions = {},
): Uint8Array {
  const names = Object.keys(rows[0]!)
  const schema: SchemaElement[] = [{ name: 'schema', num_children: names.length }]
  for (const name of names) {
    const value = rows.map((row) => row[name]).find((one) => one !== null && one !== undefined)
    const column = { name, repetition_type: 'OPTIONAL' } as const
    if (typeof value === 'bigint') schema.push({ ...column, type: 'INT64' })
    else if (typeof value === 'number') schema.push({ ...column, type: 'INT32', converted_type: 'INT_8' })
    else if (typeof value === 'object' && value !== null)
      schema.push(
        { ...column, num_children: 2 },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      )
    else schema.push({ ...column, type: 'BYTE_ARRAY', converted_type: 'UTF8' })
  }
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) }))
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, ...options }))
}
