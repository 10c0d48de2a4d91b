import { basename } from 'node:path'
import { FieldtrialError } from '../../../core/errors.ts'
import type { Json } from '../../../core/fingerprint.ts'
import type { LongWork } from '../../../core/progress.ts'
import { wordsOf } from '../../known-item/markdown.ts'
import type { Skipped } from '../files/skipped.ts'
import type { Item } from '../item.ts'
import { type CollectionCard, type CollectionOptions, writeCollection } from '../output/beir.ts'
import { cellTexts, chooseColumn, requireColumn } from './columns.ts'
import { rowsOf } from './rows.ts'

export interface TableOptions extends CollectionOptions {
  /** Column of the query. Default: found out by the usual names. Rows without a query are documents all the same. */
  readonly query?: string
  /** Columns of the document's text, joined by line breaks. Default: one, found out. */
  readonly text?: readonly string[]
  /** Column of the document's title. Default: none. */
  readonly title?: string
  /** Column of the id. Default: found out, else the file's name and the row's number. */
  readonly id?: string
  /** Rows with the same value here go to one split. Default: rows with the same text. */
  readonly splitBy?: string
  /** Fewest words of a query. Default: 1. */
  readonly minWords?: number
}

/**
 * Makes a collection out of a table in which a row is a document and the query that it answers: questions and answers, titles and
 * descriptions.
 *
 * @throws FieldtrialError `DATA_MISSING`, `DATA_INVALID`, `USAGE` when a column is not there or cannot be found out.
 */
export async function collectTable(
  file: string,
  output: string,
  options: TableOptions = {},
  work: LongWork = {},
): Promise<CollectionCard> {
  const minWords = options.minWords ?? 1
  const { query, text, title, id, splitBy } = options
  const made = { what: 'table', source: file, options: { minWords, query, text, title, id, splitBy } }
  const items = async function* (skipped: Skipped): AsyncGenerator<Item, { readonly [key: string]: Json }> {
    let columns: TableColumns | undefined
    let rows = 0
    for await (const { row, where, number, present } of rowsOf(file, work)) {
      columns ??= chooseColumns(options, present, file)
      rows = number
      const document = columns.text.flatMap((column) => cellTexts(row, column, where)).join('\n')
      const asked = cellTexts(row, columns.query, where).filter((one) => {
        if (wordsOf(one).length >= minWords) return true
        skipped.add('query with too few words', `row ${number}`)
        return false
      })
      const group = splitBy === undefined ? document : cellTexts(row, splitBy, where).join('\n')
      const ownId = columns.id === undefined ? undefined : cellTexts(row, columns.id, where)[0]
      const heading = title === undefined ? '' : cellTexts(row, title, where).join(' ')
      yield {
        id: ownId ?? `${basename(file)}:${number}`,
        title: heading,
        text: document,
        sameness: JSON.stringify([heading, document]),
        queries: asked.map((one) => ({ text: one, group })),
      }
    }
    if (columns === undefined) throw noRows(file)
    return { rows, columns: { ...columns, id: columns.id ?? null } }
  }
  return writeCollection(output, made, options, items, work)
}

interface TableColumns {
  readonly query: string
  readonly text: readonly string[]
  readonly id: string | undefined
}

function chooseColumns(options: TableOptions, present: readonly string[], file: string): TableColumns {
  for (const name of [options.title, options.splitBy, ...(options.text ?? [])])
    if (name !== undefined) requireColumn(name, present, file)
  const named = [options.title, ...(options.text ?? [])].filter((name) => name !== undefined)
  const query = chooseColumn('query', options.query, present, named, file) ?? unknownColumn('query', present, file)
  const text = options.text ?? [
    chooseColumn('text', undefined, present, [query, ...named], file) ?? unknownColumn('text', present, file),
  ]
  refuseGivenAway(query, [options.title, ...text], file)
  return { query, text, id: chooseColumn('id', options.id, present, [query, ...text], file) }
}

/**
 * Refuses a document that holds its own query: any retriever would find it.
 *
 * @throws FieldtrialError `USAGE`
 */
export function refuseGivenAway(query: string, document: readonly (string | undefined)[], file: string): void {
  if (!document.includes(query)) return
  throw new FieldtrialError('USAGE', `${file}: the column ${JSON.stringify(query)} is query and document at once.`, {
    hint: 'Name another column with --query, --text or --title.',
    where: { file },
  })
}

/** @throws FieldtrialError `USAGE` always */
export function unknownColumn(kind: string, present: readonly string[], file: string): never {
  throw new FieldtrialError('USAGE', `${file}: which column holds the ${kind} cannot be told.`, {
    hint: `Name it with --${kind}; there are ${present.join(', ')}.`,
    where: { file },
  })
}

export function noRows(file: string): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', `${file} holds no rows.`, {
    hint: 'Check the file; CSV and TSV files begin with a line of column names.',
    where: { file },
  })
}
