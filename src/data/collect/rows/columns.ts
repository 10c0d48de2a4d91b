import type { Where } from '../../../core/errors.ts'
import { FieldtrialError } from '../../../core/errors.ts'
import { didYouMean } from '../../../core/suggest.ts'
import { invalid, type Row, snippet } from '../../record.ts'

/** What a column holds, and how such columns are usually called, the surest first. */
const USUAL_COLUMNS = {
  query: [
    'query',
    'question',
    'anchor',
    'q',
    'query_text',
    'title',
    'heading',
    'headline',
    'subject',
    'name',
    'prompt',
    'instruction',
  ],
  text: [
    'document',
    'positive',
    'pos',
    'passage',
    'answer',
    'text',
    'body',
    'content',
    'contents',
    'description',
    'abstract',
    'code',
    'func',
    'response',
    'output',
    'summary',
  ],
  id: ['_id', 'id', 'doc_id', 'docid', 'document_id'],
  grade: ['score', 'grade', 'relevance', 'label', 'rel'],
} as const

export type ColumnKind = keyof typeof USUAL_COLUMNS

/**
 * The column of a kind: the one that the user named, else the first of the usual names that the table has and that is not taken.
 *
 * @returns Undefined when none is named and none is usual.
 * @throws FieldtrialError `USAGE` when the table lacks the named one.
 */
export function chooseColumn(
  kind: ColumnKind,
  named: string | undefined,
  present: readonly string[],
  taken: readonly string[],
  file: string,
): string | undefined {
  if (named !== undefined) {
    requireColumn(named, present, file)
    return named
  }
  const lower = new Map(present.map((name) => [name.toLowerCase(), name]))
  return USUAL_COLUMNS[kind].map((name) => lower.get(name)).find((name) => name !== undefined && !taken.includes(name))
}

/** @throws FieldtrialError `USAGE` */
export function requireColumn(name: string, present: readonly string[], file: string): void {
  if (present.includes(name)) return
  throw new FieldtrialError('USAGE', `${file} has no column ${JSON.stringify(name)}.`, {
    hint: didYouMean(name, present),
    where: { file },
  })
}

/**
 * The texts in a cell: one, or those of a list. Numbers are texts too (a product's number); null and empty ones are none.
 *
 * @throws FieldtrialError `DATA_INVALID` for anything else.
 */
export function cellTexts(row: Row, column: string, where: Where): string[] {
  const value = row[column]
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).flatMap((one) => {
    if (typeof one === 'string') return one.trim() === '' ? [] : [one.trim()]
    if (typeof one === 'number' || typeof one === 'bigint' || typeof one === 'boolean') return [String(one)]
    throw invalid(
      { ...where, field: column },
      `the column "${column}" holds no text: ${snippet(one)}`,
      'Name a column of texts, or of lists of texts.',
    )
  })
}
