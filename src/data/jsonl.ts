import type { FieldtrialError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { jsonErrorOffset } from './json-error.ts'
import { readLineBatches } from './lines.ts'
import { invalid, type Row, type RowBatch, snippet } from './record.ts'

/**
 * Records of a JSONL file (an object on each line; blank lines are skipped), gzip by the name's ending.
 *
 * @throws FieldtrialError `DATA_INVALID` with file, line, column and a snippet on broken JSON.
 */
export async function* readJsonl(source: ByteSource): AsyncGenerator<RowBatch> {
  for await (const { first, lines } of readLineBatches(source)) {
    const rows: Row[] = []
    const numbers: number[] = []
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!
      if (line === '' || line.trim() === '') continue
      let row: unknown
      try {
        row = JSON.parse(line)
      } catch (error) {
        throw brokenJson(source.label, first + i, line, error as Error)
      }
      if (typeof row !== 'object' || row === null || Array.isArray(row))
        throw invalid(
          { file: source.label, line: first + i },
          `a JSON object was expected, not: ${snippet(line)}`,
          'JSONL holds one object in braces on each line.',
        )
      rows.push(row as Row)
      numbers.push(first + i)
    }
    if (rows.length > 0) yield { rows, where: (i) => ({ file: source.label, line: numbers[i]! }) }
  }
}

function brokenJson(file: string, line: number, text: string, error: Error): FieldtrialError {
  const offset = jsonErrorOffset(text)
  return invalid(
    { file, line, ...(offset === undefined ? {} : { column: offset + 1 }) },
    `broken JSON: ${snippet(text, offset ?? 0)}`,
    'Mend that line; JSONL holds one whole JSON object on each line.',
    error,
  )
}
