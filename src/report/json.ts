import { FieldtrialError } from '../core/errors.ts'
import type { StudyResults } from '../study/results.ts'

/**
 * The results as JSON with keys in code-unit order and two spaces of indentation: equal results give equal bytes. Values by query
 * stand on one line per measure, so that the file stays readable.
 *
 * @throws FieldtrialError `INTERNAL` when a number is NaN or infinite, which JSON would silently turn into null; it names the place.
 */
export function renderJson(results: StudyResults): string {
  return `${pretty(results, '', '')}\n`
}

function pretty(value: unknown, indent: string, path: string): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new FieldtrialError('INTERNAL', `The results hold ${value} at ${path}, which JSON cannot express.`, {
      hint: 'Please report this: a measure or a test gave no number.',
    })
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  const separator = /\.perQuery\.[^.]+$/.test(path) || isShort(value) ? ', ' : `,\n${inner}`
  const items = Array.isArray(value)
    ? value.map((item, i) => pretty(item, inner, `${path}[${i}]`))
    : Object.keys(value)
        .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
        .sort()
        .map((key) => `${JSON.stringify(key)}: ${member(value as Record<string, unknown>, key, inner, path)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  if (items.length === 0) return `${open}${close}`
  const body = items.join(separator)
  return separator === ', ' ? `${open}${body}${close}` : `${open}\n${inner}${body}\n${indent}${close}`
}

function member(value: Record<string, unknown>, key: string, indent: string, path: string): string {
  // Dots of a key (`P(rel=2.5)`) must not look like a level of the path.
  return pretty(value[key], indent, `${path}.${key.replaceAll('.', '_')}`)
}

/** A short array of plain values, such as an interval or a list of ids. */
function isShort(value: object): boolean {
  return Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item !== 'object')
}
