import { createHash } from 'node:crypto'
import type { Json } from '../../../core/fingerprint.ts'
import type { LongWork } from '../../../core/progress.ts'
import { wordsOf } from '../../known-item/markdown.ts'
import { gradeField } from '../../record.ts'
import type { Skipped } from '../files/skipped.ts'
import type { Item } from '../item.ts'
import { type CollectionCard, type CollectionOptions, writeCollection } from '../output/beir.ts'
import { sameQuery } from '../output/query-pool.ts'
import { cellTexts, chooseColumn } from './columns.ts'
import { rowsOf } from './rows.ts'
import { noRows, refuseGivenAway, unknownColumn } from './table.ts'

export interface PairsOptions extends Omit<CollectionOptions, 'maxRelevant'> {
  /** Column of the query. Default: found out by the usual names. */
  readonly query?: string
  /** Column of the document, or of a list of documents. Default: found out. */
  readonly text?: string
  /** Column of the relevance grade, a whole number. Default: found out; without one every pair is relevant. */
  readonly grade?: string
  /** Fewest words of a query. Default: 1. */
  readonly minWords?: number
}

/**
 * Makes a collection out of pairs of a query and a document, as they train embedding models. Equal documents are one, equal queries are one
 * with all their documents. Splits are by query: no query stands in two of them, documents may.
 *
 * @throws FieldtrialError `DATA_MISSING`, `DATA_INVALID`, `USAGE` when a column is not there or cannot be found out.
 */
export async function collectPairs(
  file: string,
  output: string,
  options: PairsOptions = {},
  work: LongWork = {},
): Promise<CollectionCard> {
  const minWords = options.minWords ?? 1
  const { query, text, grade } = options
  const made = { what: 'pairs', source: file, options: { minWords, query, text, grade }, separateDocuments: false }
  const items = async function* (skipped: Skipped): AsyncGenerator<Item, { readonly [key: string]: Json }> {
    let columns: { query: string; text: string; grade: string | null } | undefined
    let rows = 0
    for await (const { row, where, number, present } of rowsOf(file, work)) {
      columns ??= chooseColumns(options, present, file)
      rows = number
      const asked = cellTexts(row, columns.query, where).filter((one) => wordsOf(one).length >= minWords)
      if (asked.length === 0) skipped.add('pair without a query', `row ${number}`)
      const relevance = columns.grade === null ? 1 : gradeField(row, [columns.grade], where)
      for (const document of cellTexts(row, columns.text, where))
        yield {
          id: `d-${createHash('sha256').update(document).digest('hex').slice(0, 16)}`,
          title: '',
          text: document,
          queries: asked.map((one) => ({ text: one, group: sameQuery(one), grade: relevance })),
        }
    }
    if (columns === undefined) throw noRows(file)
    return { rows, columns }
  }
  return writeCollection(output, made, { ...options, maxRelevant: Number.POSITIVE_INFINITY }, items, work)
}

function chooseColumns(options: PairsOptions, present: readonly string[], file: string) {
  const taken = options.text === undefined ? [] : [options.text]
  const query = chooseColumn('query', options.query, present, taken, file) ?? unknownColumn('query', present, file)
  const text = chooseColumn('text', options.text, present, [query], file) ?? unknownColumn('text', present, file)
  refuseGivenAway(query, [text], file)
  return { query, text, grade: chooseColumn('grade', options.grade, present, [query, text], file) ?? null }
}
