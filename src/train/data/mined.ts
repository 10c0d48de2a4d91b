import type { Where } from '../../core/errors.ts'
import { fileSource } from '../../data/byte-source.ts'
import { idField, invalid, type Row, snippet } from '../../data/record.ts'
import { readTable, tableFile } from '../../data/table.ts'

/** The negatives of a query by their ids. */
export interface Mined {
  readonly queryId: string
  readonly negatives: readonly string[]
  readonly where: Where
}

const QUERY_ID = ['query_id', 'qid', '_id', 'id']
const PASSAGE_ID = ['docid', '_id', 'id']

/**
 * Negatives out of a file of `fieldtrial mine` (Tevatron's layout), or of lines with `query_id` and `negatives`, a list of document ids.
 *
 * @throws FieldtrialError `DATA_INVALID` with file and line.
 */
export async function* readMined(file: string): AsyncGenerator<Mined> {
  for await (const { rows, where } of readTable(tableFile(fileSource(file))))
    for (const [i, row] of rows.entries()) {
      const place = where(i)
      yield { queryId: idField(row, QUERY_ID, place), negatives: idsOf(row, place), where: place }
    }
}

function idsOf(row: Row, place: Where): string[] {
  const list = row.negative_passages ?? row.negatives
  if (!Array.isArray(list))
    throw invalid(
      place,
      `the row has neither negative_passages nor negatives: ${snippet(row)}`,
      'Name a file that `fieldtrial mine` wrote, or lines with query_id and negatives (a list of document ids).',
    )
  return list.map((item: unknown) =>
    typeof item === 'object' && item !== null
      ? idField(item as Row, PASSAGE_ID, place)
      : idField({ id: item }, ['id'], place),
  )
}
