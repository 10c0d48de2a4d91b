import type { Where } from '../core/errors.ts'
import { readBeirQrels } from './beir-qrels.ts'
import { type Judgments, JudgmentsBuilder } from './collection.ts'
import { arePositions, type ColumnNames } from './columns.ts'
import { type FindPicture, holdsPicture, IMAGE_FIELD, imageField } from './image.ts'
import { rereadImage } from './parquet-cell.ts'
import { gradeField, idField, textField } from './record.ts'
import { readTable, type TableFile } from './table.ts'
import type { Document, Query } from './types.ts'

const NO_PICTURES: FindPicture = () => undefined

/**
 * Documents of table files, in order. Title and, for images, text may be absent (then empty); other fields, such as
 * BEIR's `metadata`, are not read.
 *
 * @param find Finds the pictures that records name by a path.
 */
export async function* readDocuments(
  tables: readonly TableFile[],
  names: ColumnNames,
  find: FindPicture = NO_PICTURES,
): AsyncGenerator<Document> {
  const columns = [...names.id, ...names.title, ...names.text, IMAGE_FIELD]
  const header = !arePositions([...names.id, ...names.text])
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { columns, header }))
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!
        const place = where(i)
        const image = imageField(row, place, find)
        yield {
          id: idField(row, names.id, place),
          title: textField(row, names.title, place, ''),
          text: textField(row, names.text, place, image === undefined ? undefined : ''),
          ...(image === undefined ? {} : { image }),
        }
      }
}

/** Queries of table files, in order, each with its place. */
export async function* readQueries(
  tables: readonly TableFile[],
  names: ColumnNames,
  find: FindPicture = NO_PICTURES,
): AsyncGenerator<{ query: Query; where: Where }> {
  const columns = [...names.queryId, ...names.queryText, IMAGE_FIELD]
  const header = !arePositions([...names.queryId, ...names.queryText])
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { columns, header }))
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!
        const place = where(i)
        const image = imageField(row, place, find)
        const text = textField(row, names.queryText, place, image === undefined ? undefined : '')
        // Queries are kept in memory, their pictures are not.
        const kept = image && holdsPicture(row[IMAGE_FIELD]) ? rereadImage(table.source, image, place) : image
        yield {
          query: { id: idField(row, names.queryId, place), text, ...(kept === undefined ? {} : { image: kept }) },
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
