import { stripVTControlCharacters } from 'node:util'

const NUMERIC = /^[-+]?[\d.,]+(e[-+]?\d+)?[%*†‡]*$|^-$/i

/** Columns of text, numbers to the right; the first row is the header. Ends with a line break. */
export function alignTable(rows: readonly (readonly string[])[]): string {
  const width = (text: string) => [...stripVTControlCharacters(text)].length
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => width(row[i] ?? ''))))
  const right = widths.map((_, i) =>
    rows.slice(1).every((row) => NUMERIC.test(stripVTControlCharacters(row[i] ?? '-'))),
  )
  return rows
    .map((row) =>
      widths
        .map((w, i) => {
          const cell = row[i] ?? ''
          const pad = ' '.repeat(w - width(cell))
          return right[i] ? pad + cell : cell + pad
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
