import { throwIfAborted, type Where } from '../../../core/errors.ts'
import type { LongWork } from '../../../core/progress.ts'
import { fileSource } from '../../byte-source.ts'
import type { Row } from '../../record.ts'
import { readTable, tableFile } from '../../table.ts'

/** The rows of a CSV, TSV, JSONL or parquet file, one by one, with the columns that the first row has. */
export async function* rowsOf(
  file: string,
  work: LongWork,
): AsyncGenerator<{
  readonly row: Row
  readonly where: Where
  readonly number: number
  readonly present: readonly string[]
}> {
  let present: readonly string[] | undefined
  let number = 0
  for await (const { rows, where } of readTable(tableFile(fileSource(file)))) {
    throwIfAborted(work.signal)
    for (let i = 0; i < rows.length; i++) {
      present ??= Object.keys(rows[i]!)
      yield { row: rows[i]!, where: where(i), number: ++number, present }
    }
    work.onProgress?.({ step: 'read rows', done: number, unit: 'records' })
  }
}
