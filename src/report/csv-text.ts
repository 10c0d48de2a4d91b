export type CsvValue = string | number | boolean | null

/** A line of a CSV file (RFC 4180, `\n`): numbers at full precision with a point, nothing for null. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(field).join(',')}\n`
}

function field(value: CsvValue): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
