import { hash } from 'node:crypto'
import type { Where } from '../../core/errors.ts'
import { arePositions } from '../../data/columns.ts'
import { invalid, type Row, snippet, textField } from '../../data/record.ts'
import { readTable, type TableFile } from '../../data/table.ts'
import type { TrainingExample, TrainingPassage } from '../../data/training/index.ts'
import type { DataSpec } from '../training.ts'

/** What sentence-transformers, FlagEmbedding and people call the columns. */
const QUERY = ['query', 'anchor', 'question']
const POSITIVE = ['positive', 'pos', 'answer', 'document']
const NEGATIVE = ['negative', 'negatives', 'neg']
const NUMBERED = /^negative_\d+$/

/** Whether a row is a pair or a triple. */
export function isPair(row: Row, columns: DataSpec['columns']): boolean {
  const has = (names: readonly string[]) => names.some((name) => row[name] !== undefined)
  return has(columns.query === undefined ? QUERY : [columns.query]) && has(positiveNames(columns))
}

/**
 * Examples of a table with a query and a text that answers it in each row, and perhaps texts that do not: a text, a list of texts, or columns
 * `negative_1`, `negative_2` …. In order, with bounded memory. Texts have no ids there; their content stands for one.
 *
 * @throws FieldtrialError `DATA_INVALID` with file and line.
 */
export async function* readPairs(
  tables: readonly TableFile[],
  columns: DataSpec['columns'],
): AsyncGenerator<TrainingExample> {
  const header = !arePositions([columns.query, columns.positive, columns.negative].filter((name) => name !== undefined))
  const queryNames = columns.query === undefined ? QUERY : [columns.query]
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { header }))
      for (const [i, row] of rows.entries()) {
        const place = where(i)
        const query = textField(row, queryNames, place)
        yield {
          queryId: idOf(query),
          query,
          positives: positivesOf(row, positiveNames(columns), place),
          negatives: texts(row, negativeNames(row, columns), place).map(passage),
          where: place,
        }
      }
}

function positiveNames({ positive }: DataSpec['columns']): readonly string[] {
  return positive === undefined ? POSITIVE : [positive]
}

function negativeNames(row: Row, { negative }: DataSpec['columns']): readonly string[] {
  if (negative !== undefined) return [negative]
  return [
    ...NEGATIVE.filter((name) => name in row).slice(0, 1),
    ...Object.keys(row).filter((name) => NUMBERED.test(name)),
  ]
}

function texts(row: Row, names: readonly string[], place: Where): string[] {
  return names.flatMap((name) => {
    const value = row[name]
    if (value === undefined || value === null || value === '') return []
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    return list.map((text) => {
      if (typeof text === 'string') return text
      throw invalid(
        { ...place, field: name },
        `the field "${name}" holds what is no text: ${snippet(text)}`,
        'Write a text or a list of texts.',
      )
    })
  })
}

function positivesOf(row: Row, names: readonly string[], place: Where): TrainingPassage[] {
  const positives = texts(row, names, place)
  if (positives.some((text) => text.trim() !== '')) return positives.map(passage)
  const named = (all: readonly string[]) => all.map((name) => `"${name}"`).join(', ')
  if (!names.some((name) => name in row))
    throw invalid(
      place,
      `there is no column ${named(names)}; the row has ${named(Object.keys(row))}.`,
      'Name the column of the text that answers the query: `columns: { positive: … }`.',
    )
  throw invalid(place, 'the query has no positive.', 'Give every query a text that answers it, or remove the row.')
}

function passage(text: string): TrainingPassage {
  return { id: idOf(text), title: '', text }
}

function idOf(text: string): string {
  return hash('sha256', text).slice(0, 24)
}
