import { FieldtrialError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { IdTable } from './id-table.ts'
import { invalid } from './record.ts'
import { asSource, badId, feedBytes, feedFile, type LineSink, wrongColumns } from './trec-lines.ts'
import { parseNumber } from './trec-number.ts'
import { asBuffer, type ReadOptions } from './trec-run.ts'
import type { Qrels } from './types.ts'

/**
 * Reads relevance judgments (`.gz` as well): TREC's four columns `query iteration document grade` separated by blanks or
 * tabs, or BEIR's three columns `query-id corpus-id score` separated by tabs under a header, which tells them apart.
 *
 * @throws FieldtrialError `DATA_MISSING`, or `DATA_INVALID` with the line: wrong number of columns, a grade that is no
 * whole number, a document judged twice for one query (trec_eval refuses these too), no judgments at all.
 */
export async function readQrels(file: string | ByteSource, options: ReadOptions = {}): Promise<Qrels> {
  const source = asSource(file)
  const reader = new QrelsReader(source.label)
  await feedFile(source, reader, options.signal)
  return reader.finish()
}

/** As `readQrels`, of content in memory. `name` stands in error messages. */
export function parseQrels(content: Uint8Array | string, name: string): Qrels {
  const reader = new QrelsReader(name)
  feedBytes(asBuffer(content), reader)
  return reader.finish()
}

const TREC_COLUMNS = 'four: query, iteration, document, grade'
const TREC_HINT =
  'TREC qrels have four columns separated by blanks; BEIR qrels have three separated by tabs, under the header query-id, corpus-id, score.'
const BEIR_COLUMNS = 'three separated by tabs: query-id, corpus-id, score'
const BEIR_HINT = 'The first line is a header of three columns, so the file is read as BEIR qrels.'

type Columns = { queryStart: number; queryEnd: number; docStart: number; docEnd: number; start: number; end: number }

class QrelsReader implements LineSink {
  readonly #file: string
  readonly #queries = new IdTable()
  readonly #documents = new IdTable()
  readonly #grades: Map<string, number>[] = []
  #line = 0
  #format: 'trec' | 'beir' | undefined

  constructor(file: string) {
    this.#file = file
  }

  take(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      this.#line++
      const next = bytes.indexOf(10, at) + 1
      const columns = this.#columns(bytes, at, next - 1)
      if (columns) this.#judgment(bytes, columns)
      at = next
    }
  }

  /** The columns of a line; undefined for a blank line and for the header. */
  #columns(bytes: Buffer, start: number, end: number): Columns | undefined {
    let first = start
    while (first < end && bytes[first]! <= 32) first++
    if (first === end) return undefined
    if (this.#format === undefined) {
      this.#format = isBeirHeader(bytes.toString('utf8', first, end)) ? 'beir' : 'trec'
      if (this.#format === 'beir') return undefined
    }
    return this.#format === 'beir' ? this.#tabs(bytes, start, end) : this.#blanks(bytes, first, end)
  }

  #blanks(bytes: Buffer, start: number, end: number): Columns {
    const bounds: number[] = []
    for (let at = start; at < end; ) {
      bounds.push(at)
      while (at < end && bytes[at]! > 32) at++
      bounds.push(at)
      while (at < end && bytes[at]! <= 32) at++
    }
    if (bounds.length !== 8) throw wrongColumns(this.#file, this.#line, bytes, start, TREC_COLUMNS, TREC_HINT)
    return {
      queryStart: bounds[0]!,
      queryEnd: bounds[1]!,
      docStart: bounds[4]!,
      docEnd: bounds[5]!,
      start: bounds[6]!,
      end: bounds[7]!,
    }
  }

  #tabs(bytes: Buffer, start: number, lineEnd: number): Columns {
    const end = bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd
    const first = bytes.indexOf(9, start)
    const second = first < 0 || first >= end ? -1 : bytes.indexOf(9, first + 1)
    const third = second < 0 || second >= end ? -1 : bytes.indexOf(9, second + 1)
    const wrong = second < 0 || second >= end || (third >= 0 && third < end)
    if (wrong || first === start || second === first + 1)
      throw wrongColumns(this.#file, this.#line, bytes, start, BEIR_COLUMNS, BEIR_HINT)
    return { queryStart: start, queryEnd: first, docStart: first + 1, docEnd: second, start: second + 1, end }
  }

  #judgment(bytes: Buffer, columns: Columns): void {
    const query = this.#queries.add(bytes, columns.queryStart, columns.queryEnd)
    const document = this.#documents.add(bytes, columns.docStart, columns.docEnd)
    if (query < 0 || document < 0) throw badId(this.#file, this.#line)
    const where = { file: this.#file, line: this.#line }
    const grade = parseNumber(bytes, columns.start, columns.end)
    if (grade === undefined || !Number.isSafeInteger(grade))
      throw invalid(
        where,
        `the relevance grade is not a whole number: ${bytes.toString('utf8', columns.start, columns.end)}`,
        'Grades are whole numbers: 0 is not relevant, 1 and more is relevant.',
      )
    if (query === this.#grades.length) this.#grades.push(new Map())
    const grades = this.#grades[query]!
    const id = this.#documents.strings[document]!
    if (grades.has(id))
      throw invalid(
        where,
        `the document ${id} is judged twice for the query ${this.#queries.strings[query]} (grades ${grades.get(id)} and ${grade}).`,
        'Keep one of the lines.',
      )
    // Adding zero turns -0 into 0.
    grades.set(id, grade + 0)
  }

  finish(): Qrels {
    if (this.#grades.length === 0)
      throw new FieldtrialError('DATA_INVALID', `${this.#file} holds no judgments.`, {
        hint: TREC_HINT,
        where: { file: this.#file },
      })
    return new Map(this.#grades.map((grades, i) => [this.#queries.strings[i]!, grades]))
  }
}

/** BEIR's header names its columns; any three tab-separated columns of which the last is no number count. */
function isBeirHeader(line: string): boolean {
  const columns = line.trim().split('\t')
  return columns.length === 3 && !/^[+-]?\d/.test(columns[2]!.trim())
}
