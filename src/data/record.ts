import { FieldtrialError, type Where } from '../core/errors.ts'

/** A row of any table format: JSONL, parquet, CSV or TSV. */
export type Row = Readonly<Record<string, unknown>>

/** Rows with the place where each stands, so that an error can name it. */
export interface RowBatch {
  readonly rows: readonly Row[]
  /** Place of `rows[i]`. */
  where(i: number): Where
}

const SNIPPET = 80

/** The beginning of a value on one line, for messages. */
export function snippet(value: unknown, around = 0): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, plainBigInt) ?? String(value))
  const start = Math.max(0, around - SNIPPET / 2)
  const cut = text
    .slice(start, start + SNIPPET)
    .replace(/\s+/g, ' ')
    .trim()
  return `${start > 0 ? '…' : ''}${cut}${start + SNIPPET < text.length ? '…' : ''}`
}

const plainBigInt = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)

export function placed(where: Where, message: string): string {
  const row = where.line === undefined ? '' : `:${where.line}`
  return `${where.file ?? 'input'}${row}${where.column === undefined ? '' : `:${where.column}`}: ${message}`
}

export function invalid(where: Where, message: string, hint: string, cause?: unknown): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', placed(where, message), { hint, where, cause })
}

/** The first of these fields that the row has; for an error, all that was looked for. */
function fieldOf(row: Row, names: readonly string[]): string | undefined {
  return names.find((name) => row[name] !== undefined && row[name] !== null)
}

/**
 * An id as text. Numbers are taken when they are whole and exact: JSON numbers beyond 2^53 have already lost digits.
 *
 * @throws FieldtrialError `DATA_INVALID` when the field is absent, empty or of another type.
 */
export function idField(row: Row, names: readonly string[], where: Where): string {
  const name = fieldOf(row, names)
  if (name === undefined) throw missingField(row, names, where)
  const value = row[name]
  if (typeof value === 'string') {
    if (value !== '') return value
    throw invalid({ ...where, field: name }, `the field "${name}" is empty.`, 'Give every record an id.')
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  throw invalid(
    { ...where, field: name },
    `the field "${name}" is no id: ${snippet(value)}`,
    'An id is a string, or a whole number below 2^53 (larger ones must be quoted, or their last digits are lost).',
  )
}

/**
 * A text field; absent and null give `fallback`, or an error without one.
 *
 * @throws FieldtrialError `DATA_INVALID` when it is absent without fallback, or not a string.
 */
export function textField(row: Row, names: readonly string[], where: Where, fallback?: string): string {
  const name = fieldOf(row, names)
  if (name === undefined) {
    if (fallback !== undefined) return fallback
    throw missingField(row, names, where)
  }
  const value = row[name]
  if (typeof value === 'string') return value
  throw invalid(
    { ...where, field: name },
    `the field "${name}" is not text but ${Array.isArray(value) ? 'an array' : typeof value}: ${snippet(value)}`,
    'Turn it into a string.',
  )
}

/**
 * A relevance grade: a whole number, also written as `1.0` or `"1"`.
 *
 * @throws FieldtrialError `DATA_INVALID`
 */
export function gradeField(row: Row, names: readonly string[], where: Where): number {
  const name = fieldOf(row, names)
  if (name === undefined) throw missingField(row, names, where)
  const value = row[name]
  const grade =
    typeof value === 'string' && /^\s*[+-]?\d+(\.0*)?\s*$/.test(value)
      ? Number(value)
      : typeof value === 'bigint'
        ? Number(value)
        : value
  // Adding zero turns -0, which "-0" gives, into 0.
  if (typeof grade === 'number' && Number.isSafeInteger(grade)) return grade + 0
  throw invalid(
    { ...where, field: name },
    `the relevance grade is not a whole number: ${snippet(value)}`,
    'Grades are whole numbers: 0 is not relevant, 1 and more is relevant.',
  )
}

function missingField(row: Row, names: readonly string[], where: Where): FieldtrialError {
  // The usual names; the spellings of single publishers would only confuse.
  const wanted = names
    .slice(0, 2)
    .map((name) => `"${name}"`)
    .join(' or ')
  const has = Object.keys(row).slice(0, 12)
  const empty = names.find((name) => name in row)
  return invalid(
    { ...where, field: names[0]! },
    empty === undefined
      ? `the field ${wanted} is missing (the record has ${has.map((n) => `"${n}"`).join(', ') || 'no fields'}).`
      : `the field "${empty}" is null.`,
    'Name the fields with `columns` in the study file if they are called otherwise, or mend the record.',
  )
}
