import type { Where } from '../core/errors.ts'
import { readBeirQrels } from './beir-qrels.ts'
import { type Judgments, JudgmentsBuilder } from './collection.ts'
import { arePositions, type ColumnNames } from './columns.ts'
import { gradeField, idField, textField } from './record.ts'
import { readTable, type TableFile } from './table.ts'
import type { Document, Query } from './types.ts'

/** A document with this field may have no text: it is an image. */
const IMAGE = 'image'

/**
 * Documents of table files, in order. Title and, for images, text may be absent (then empty); other fields, such as
 * BEIR's `metadata`, are not read.
 */
export async function* readDocuments(tables: readonly TableFile[], names: ColumnNames): AsyncGenerator<Document> {
  const columns = [...names.id, ...names.title, ...names.text, IMAGE]
  const header = !arePositions([...names.id, ...names.text])
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { columns, header }))
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!
        const place = where(i)
        yield {
          id: idField(row, names.id, place),
          title: textField(row, names.title, place, ''),
          text: textField(row, names.text, place, typeof row[IMAGE] === 'string' ? '' : undefined),
        }
      }
}

/** Queries of table files, in order, each with its place. */
export async function* readQueries(
  tables: readonly TableFile[],
  names: ColumnNames,
): AsyncGenerator<{ query: Query; where: Where }> {
  const columns = [...names.queryId, ...names.queryText]
  const header = !arePositions(columns)
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { columns, header }))
      for (let i = 0; i < rows.length; i++) {
        const place = where(i)
        yield {
          query: { id: idField(rows[i]!, names.queryId, place), text: textField(rows[i]!, names.queryText, place) },
          where: place,
        }
      }
}

/** Judgments of table files. TSV is read in BEIR's form unless its columns are named by the user. */
export async function readJudgments(
  tables: readonly TableFile[],
  names: ColumnNames,
  named: boolean,
): Promise<Judgments> {
  if (!named && tables.every(({ format }) => format === 'tsv')) return readBeirQrels(tables.map(({ source }) => source))
  const builder = new JudgmentsBuilder()
  const columns = [...names.judgmentQuery, ...names.judgmentDocument, ...names.grade]
  const header = !arePositions(columns)
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { columns, header }))
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!
        const place = where(i)
        builder.add(
          idField(row, names.judgmentQuery, place),
          idField(row, names.judgmentDocument, place),
          gradeField(row, names.grade, place),
          place,
        )
      }
  return builder.done()
}
