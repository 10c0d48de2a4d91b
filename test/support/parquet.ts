import { parquetWriteBuffer } from 'hyparquet-writer'

type Column = 'STRING' | 'INT64' | 'DOUBLE'

/** A parquet file of these rows; every column's type is told by its first value, numbers being INT64 or DOUBLE. */
export function parquetOf(
  rows: readonly Readonly<Record<string, string | number | bigint>>[],
  options: { rowGroupSize?: number; codec?: 'SNAPPY' | 'UNCOMPRESSED' } = {},
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
