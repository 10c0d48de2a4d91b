import { writeAtomic } from '../core/atomic.ts'
import { FieldtrialError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { rankOrder } from './id-order.ts'
import { grown, IdTable } from './id-table.ts'
import { invalid } from './record.ts'
import { asSound, notANumber } from './sound-ranking.ts'
import { asSource, badId, feedBytes, feedFile, type LineSink, wrongColumns } from './trec-lines.ts'
import { parseNumber } from './trec-number.ts'
import type { Ranking, Run } from './types.ts'

export interface TrecRun {
  readonly run: Run
  /** The last column of the first line: the name that the run gives itself. */
  readonly tag: string
}

export interface ReadOptions {
  readonly signal?: AbortSignal
}

/**
 * Reads a TREC run (`query Q0 document rank score tag`, separated by blanks or tabs; `.gz` as well). The lines may stand
 * in any order; the rank column is ignored, as trec_eval does, and scores keep their full precision. Memory: the run
 * itself, about 12 bytes a line beside the distinct ids.
 *
 * @throws FieldtrialError `DATA_MISSING`, or `DATA_INVALID` with the line: wrong number of columns, a score that is no
 * number or NaN, a document twice for one query (trec_eval refuses these too), an id that is not UTF-8, no lines at all.
 */
export async function readRun(file: string | ByteSource, options: ReadOptions = {}): Promise<TrecRun> {
  const source = asSource(file)
  const reader = new RunReader(source.label)
  await feedFile(source, reader, options.signal)
  return reader.finish()
}

/** As `readRun`, of content in memory. `name` stands in error messages. */
export function parseRun(content: Uint8Array | string, name: string): TrecRun {
  const reader = new RunReader(name)
  feedBytes(asBuffer(content), reader)
  return reader.finish()
}

export function asBuffer(content: Uint8Array | string): Buffer {
  return typeof content === 'string'
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

const COLUMNS = 'six: query, Q0, document, rank, score, tag'
const HINT = 'A TREC run has six columns separated by blanks, so ids and the tag must hold none.'

class RunReader implements LineSink {
  readonly #file: string
  readonly #queries = new IdTable()
  readonly #documents = new IdTable()
  #line = 0
  #rows = 0
  #document = new Int32Array(1 << 14)
  #lineOf = new Int32Array(1 << 14)
  #score = new Float64Array(1 << 14)
  /** Stretches of lines of one query: its number, and the row where the stretch begins. */
  readonly #stretchQuery: number[] = []
  readonly #stretchStart: number[] = []
  #lastQuery = Buffer.alloc(0)
  #tag: string | undefined

  constructor(file: string) {
    this.#file = file
  }

  take(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      this.#line++
      const lineStart = at
      while (bytes[at]! <= 32 && bytes[at] !== 10) at++
      if (bytes[at] === 10) {
        at++
        continue
      }
      const query = at
      while (bytes[at]! > 32) at++
      const queryEnd = at
      at = this.#column(bytes, at, lineStart)
      while (bytes[at]! > 32) at++
      at = this.#column(bytes, at, lineStart)
      const document = at
      while (bytes[at]! > 32) at++
      const documentEnd = at
      at = this.#column(bytes, at, lineStart)
      while (bytes[at]! > 32) at++
      at = this.#column(bytes, at, lineStart)
      const score = at
      while (bytes[at]! > 32) at++
      const scoreEnd = at
      at = this.#column(bytes, at, lineStart)
      const tag = at
      while (bytes[at]! > 32) at++
      if (this.#tag === undefined) this.#tag = bytes.toString('utf8', tag, at)
      while (bytes[at]! <= 32 && bytes[at] !== 10) at++
      if (bytes[at] !== 10) throw wrongColumns(this.#file, this.#line, bytes, lineStart, COLUMNS, HINT)
      at++
      this.#query(bytes, query, queryEnd)
      this.#row(bytes, document, documentEnd, score, scoreEnd)
    }
  }

  /** Start of the next column. */
  #column(bytes: Buffer, from: number, lineStart: number): number {
    let at = from
    while (bytes[at]! <= 32 && bytes[at] !== 10) at++
    if (bytes[at] === 10) throw wrongColumns(this.#file, this.#line, bytes, lineStart, COLUMNS, HINT)
    return at
  }

  #query(bytes: Buffer, start: number, end: number): void {
    const last = this.#lastQuery
    if (last.length === end - start) {
      let i = 0
      while (i < last.length && last[i] === bytes[start + i]) i++
      if (i === last.length) return
    }
    const number = this.#queries.add(bytes, start, end)
    if (number < 0) throw badId(this.#file, this.#line)
    this.#lastQuery = Buffer.from(bytes.subarray(start, end))
    this.#stretchQuery.push(number)
    this.#stretchStart.push(this.#rows)
  }

  #row(bytes: Buffer, document: number, documentEnd: number, score: number, scoreEnd: number): void {
    const number = this.#documents.add(bytes, document, documentEnd)
    if (number < 0) throw badId(this.#file, this.#line)
    const value = parseNumber(bytes, score, scoreEnd)
    if (value === undefined || Number.isNaN(value)) {
      const text = bytes.toString('utf8', score, scoreEnd)
      throw invalid(
        { file: this.#file, line: this.#line },
        value === undefined ? `the score is no number: ${text}` : 'the score is NaN, which cannot be ranked.',
        value === undefined
          ? 'The score is the fifth column.'
          : 'NaN comes from a model or an index that failed on this query; run it again.',
      )
    }
    if (this.#rows === this.#document.length) {
      this.#document = grown(this.#document)
      this.#lineOf = grown(this.#lineOf)
      this.#score = grown(this.#score)
    }
    this.#document[this.#rows] = number
    this.#lineOf[this.#rows] = this.#line
    this.#score[this.#rows++] = value
  }

  finish(): TrecRun {
    if (this.#rows === 0)
      throw new FieldtrialError('DATA_INVALID', `${this.#file} holds no results.`, {
        hint: 'A TREC run has a line for each document found: query Q0 document rank score tag.',
        where: { file: this.#file },
      })
    const stretches: number[][] = this.#queries.strings.map(() => [])
    for (let i = 0; i < this.#stretchQuery.length; i++) stretches[this.#stretchQuery[i]!]!.push(i)
    const seen = new Int32Array(this.#documents.strings.length)
    const run: Run = new Map()
    for (let query = 0; query < stretches.length; query++)
      run.set(this.#queries.strings[query]!, this.#ranking(query, stretches[query]!, seen))
    return { run, tag: this.#tag ?? '' }
  }

  #ranking(query: number, stretches: readonly number[], seen: Int32Array): Ranking {
    const bounds = stretches.map((i) => [this.#stretchStart[i]!, this.#stretchStart[i + 1] ?? this.#rows] as const)
    const total = bounds.reduce((sum, [start, end]) => sum + end - start, 0)
    const ids = new Array<string>(total)
    const scores = new Float64Array(total)
    const strings = this.#documents.strings
    let at = 0
    for (const [start, end] of bounds) {
      for (let row = start; row < end; row++) {
        const document = this.#document[row]!
        if (seen[document] === query + 1) throw this.#duplicate(query, document, row, bounds)
        seen[document] = query + 1
        ids[at] = strings[document]!
        scores[at++] = this.#score[row]!
      }
    }
    return asSound({ ids, scores })
  }

  #duplicate(query: number, document: number, row: number, bounds: readonly (readonly [number, number])[]): Error {
    let first = row
    for (const [start, end] of bounds)
      for (let i = start; i < end && i < first; i++) if (this.#document[i] === document) first = i
    return invalid(
      { file: this.#file, line: this.#lineOf[row]! },
      `the document ${this.#documents.strings[document]} stands twice for the query ${this.#queries.strings[query]}, first on line ${this.#lineOf[first]}.`,
      'A document has one score for a query. Keep the better of the two lines.',
    )
  }
}

/**
 * A run as the text of a TREC file: score descending, ties by id descending (bytes), ranks from 1; scores are written
 * so that reading them gives the same doubles.
 *
 * @param tag the last column; blanks in it become `-`.
 * @throws FieldtrialError `DATA_INVALID` for an id that is empty or holds a blank, and for a score that is NaN.
 */
export function writeRun(run: Run, tag: string): string {
  return [...runPieces(run, tag)].join('')
}

/** Writes a run file whole or not at all, a query at a time. @throws as `writeRun`, and `DISK_FULL`. */
export async function writeRunFile(path: string, run: Run, tag: string): Promise<void> {
  await writeAtomic(path, async (file) => {
    let pending: string[] = []
    let length = 0
    for (const piece of runPieces(run, tag)) {
      pending.push(piece)
      length += piece.length
      if (length < 1 << 20) continue
      // `writeFile` goes on until everything is written; `write` may stop short, for example at a quota.
      await file.writeFile(pending.join(''))
      pending = []
      length = 0
    }
    if (length > 0) await file.writeFile(pending.join(''))
  })
}

function* runPieces(run: Run, tag: string): Generator<string> {
  const name = tag.trim().replace(/\s+/g, '-') || 'run'
  for (const [query, { ids, scores }] of run) {
    requireWritable(query, 'query')
    const order = rankOrder(ids, scores, 'float64')
    let text = ''
    for (let rank = 0; rank < ids.length; rank++) {
      const at = order === null ? rank : order[rank]!
      const id = ids[at]!
      requireWritable(id, 'document')
      const score = scores[at]!
      if (Number.isNaN(score)) throw notANumber(query, id)
      text += `${query} Q0 ${id} ${rank + 1} ${score} ${name}\n`
    }
    if (text !== '') yield text
  }
}

function requireWritable(id: string, what: string): void {
  if (id !== '' && !/\s/.test(id)) return
  throw new FieldtrialError(
    'DATA_INVALID',
    `A TREC run cannot hold the ${what} id ${JSON.stringify(id)}: blanks separate its columns.`,
    { hint: 'Replace the blanks in the ids of the collection, for example by underscores.' },
  )
}
