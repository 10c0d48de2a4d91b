import stringWidth from 'string-width'
import type { StudyResults } from '../study/results.ts'
import { formatBytes, formatMs, formatScore, NO_VALUE, plural } from './format.ts'
import { type Cell, failures, leaderboard, mark, type Place } from './leaderboard.ts'
import { shortNames } from './names.ts'
import { type Palette, PLAIN } from './palette.ts'
import { publishedGroups, publishedLine } from './published.ts'
import { faultLines } from './space/findings.ts'
import { answeredQuestions } from './specialisation/answers.ts'
import { verdicts, verdictText } from './verdict.ts'
import { failureSentence, methodSentence, smokeSentence, warningLines } from './words.ts'

export interface TableOptions {
  /** Colours; none by default. */
  readonly palette?: Palette
  /** Columns of the terminal: wider tables are cut into blocks, texts are wrapped. Default 100; `Infinity` never cuts. */
  readonly width?: number
  /** The measure shown; by default all of them for a single collection, the first for several. */
  readonly measure?: string
}

type Plural = readonly [one: string, many: string]

/** A cell as shown; `paint` colours it after it has been padded, so that colours never count as width. */
interface Shown {
  readonly text: string
  readonly paint?: (text: string) => string
}

interface Column {
  readonly head: string
  readonly cells: readonly Shown[]
}

/** Longest retriever name shown whole; a longer one would push the numbers off the screen. */
const MAX_NAME = 40

/** Lines of warnings about the data; what is beyond stands in the reports. */
const MAX_WARNINGS = 12

/** Lines of retrievers whose vectors are faulty. */
const MAX_FAULTS = 6

/** With more collections than this only the sentence over all of them is printed; the marks in the table say the rest. */
const MAX_VERDICTS = 4

/**
 * The leaderboard for a terminal: aligned by display width, best value in bold, marks of significance against the baseline,
 * followed by the verdict, the failed trials, how the tests were made, what specialisation did, and, a line each, which retrievers' vectors are faulty, and what is wrong
 * with the collections.
 */
export function renderTable(results: StudyResults, options: TableOptions = {}): string {
  const palette = options.palette ?? PLAIN
  const width = options.width ?? 100
  const first = options.measure ?? results.measures[0] ?? ''
  const board = leaderboard(results, first)
  const single = results.collections.length === 1
  const measures = options.measure !== undefined ? [options.measure] : single ? results.measures : [first]

  const columns: Column[] = []
  for (const measure of measures) {
    const other = measure === first ? board : leaderboard(results, measure)
    const rows = board.rows.map((row) => other.rows.find((r) => r.retriever.id === row.retriever.id)!)
    for (const [i, collection] of board.collections.entries())
      columns.push({
        head: single ? measure : shorten(clean(collection.name), MAX_NAME),
        cells: rows.map((row) => shownCell(row.cells[i]!, palette)),
      })
    if (!single)
      columns.push({
        head: 'average',
        cells: rows.map((row) => emphasised(formatScore(row.average), row.averagePlace, palette)),
      })
  }
  const cost = (pick: (cell: Cell) => string) => board.rows.map((row): Shown => ({ text: pick(row.cells[0]!) }))
  if (single) {
    columns.push({ head: 'per query', cells: cost((c) => (done(c) ? formatMs(c.trial!.cost.msPerQuery) : NO_VALUE)) })
    columns.push({ head: 'index', cells: cost((c) => (done(c) ? formatBytes(c.trial!.cost.indexBytes) : NO_VALUE)) })
  }
  const ids = results.retrievers.map((retriever) => retriever.id)
  const short = shortNames(ids.map(clean), MAX_NAME)
  const name = (id: string) => shorten(short[ids.indexOf(id)]!, MAX_NAME)
  const names = board.rows.map((row) => ({ text: `${name(row.retriever.id)}${row.isBaseline ? ' (baseline)' : ''}` }))
  const title = single ? `${results.study}: ${results.collections[0]!.name}` : `${results.study}: ${first}`

  const notes: Shown[] = [
    ...verdicts(results, first)
      .filter((verdict) => verdict.collection === null || results.collections.length <= MAX_VERDICTS)
      .map((verdict) => ({ text: verdictText(verdict) })),
    ...failures(results).map((trial) => ({ text: failureSentence(trial), paint: palette.red })),
    { text: methodSentence(results), paint: palette.dim },
    ...answeredQuestions(results, first).map(({ title, headline }) => ({ text: `${title} ${headline}` })),
    ...publishedGroups(results)
      .slice(0, MAX_VERDICTS)
      .map((group) => ({ text: publishedLine(group), paint: palette.dim })),
  ]
  const smoke = smokeSentence(results)
  return [
    ...(smoke === null ? [] : lines({ text: smoke, paint: palette.yellow }, width)),
    palette.bold(clean(title)),
    '',
    ...blocks({ head: '', cells: names }, columns, width, palette),
    ...notes.flatMap((note) => lines(note, width)),
    ...reminders('~', faultLines(results, name), MAX_FAULTS, ['more such line', 'more such lines'], width).map(
      palette.yellow,
    ),
    ...reminders(
      '!',
      warningLines(results),
      MAX_WARNINGS,
      ['more warning about the data', 'more warnings about the data'],
      width,
    ).map(palette.yellow),
    '',
  ].join('\n')
}

/** A line each, cut to the width: the reports have the whole texts. Of many only the first, and the number of the rest. */
function reminders(sign: string, texts: readonly string[], most: number, rest: Plural, width: number): string[] {
  const shown = texts.slice(0, most).map((text) => shorten(clean(`${sign} ${text}`), width))
  const hidden = texts.length - shown.length
  return hidden > 0 ? [...shown, `${sign} … and ${plural(hidden, ...rest)}`] : shown
}

const done = (cell: Cell) => cell.trial?.status === 'done'

function shownCell(cell: Cell, palette: Palette): Shown {
  if (cell.trial?.status === 'failed') return { text: 'failed ', paint: palette.red }
  const sign = mark(cell.comparison)
  const shown = emphasised(`${formatScore(cell.value)}${sign || ' '}`, cell.place, palette)
  if (sign === '') return shown
  const colour = sign === '▲' ? palette.green : palette.red
  return { text: shown.text, paint: (text) => colour(shown.paint ? shown.paint(text) : text) }
}

function emphasised(text: string, place: Place, palette: Palette): Shown {
  return place === 'best' ? { text, paint: palette.bold } : { text }
}

/** Names come from files: what is not text (escape sequences, line breaks) must not steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const clean = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')

/** Cuts by display width, never within a character. */
function shorten(text: string, limit: number): string {
  if (stringWidth(text) <= limit) return text
  let cut = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(cut + segment) > limit - 1) break
    cut += segment
  }
  return `${cut}…`
}

const padStart = (text: string, width: number) => ' '.repeat(Math.max(0, width - stringWidth(text))) + text
const padEnd = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - stringWidth(text)))

/** Tables beside each other as far as the width allows, then below each other, the names repeated. */
function blocks(names: Column, columns: readonly Column[], width: number, palette: Palette): string[] {
  const nameWidth = Math.max(...names.cells.map((cell) => stringWidth(cell.text)), 4)
  const lines: string[] = []
  let rest = columns.map((column) => ({
    ...column,
    width: Math.max(stringWidth(column.head), ...column.cells.map((cell) => stringWidth(cell.text))),
  }))
  while (rest.length > 0) {
    let used = nameWidth
    let fit = 0
    while (fit < rest.length && (fit === 0 || used + 2 + rest[fit]!.width <= width)) used += 2 + rest[fit++]!.width
    const block = rest.slice(0, fit)
    rest = rest.slice(fit)
    const head = block.map((column) => `  ${padStart(column.head, column.width)}`).join('')
    lines.push(palette.dim(`${' '.repeat(nameWidth)}${head}`.trimEnd()))
    for (const [row, name] of names.cells.entries()) {
      const cells = block.map((column) => {
        const cell = column.cells[row]!
        const padded = padStart(cell.text, column.width)
        return `  ${cell.paint ? cell.paint(padded) : padded}`
      })
      lines.push(`${padEnd(name.text, nameWidth)}${cells.join('')}`.trimEnd())
    }
    lines.push('')
  }
  return lines
}

/** A text over as many lines as the width asks for, each one coloured by itself. */
function lines(note: Shown, width: number): string[] {
  const wrapped = wrap(clean(note.text), width)
  return note.paint === undefined ? wrapped : wrapped.map(note.paint)
}

/** Breaks a text at spaces. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && stringWidth(line) + 1 + stringWidth(word) > width) {
      lines.push(line)
      line = `  ${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
