import { FieldtrialError, throwIfAborted } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { type LineBatch, readLineBatches } from './lines.ts'
import { invalid } from './record.ts'
import { asSource } from './trec-lines.ts'
import type { ReadOptions } from './trec-run.ts'
import type { Query } from './types.ts'

/**
 * Reads queries (`.gz` as well): TREC topics (`<top>` blocks; the id is `<num>`, the text is `<title>`; the words
 * `Number:` and `Topic:` before them are dropped, as are line breaks within a title), or lines `id<TAB>text`.
 *
 * @throws FieldtrialError `DATA_MISSING`, or `DATA_INVALID` with the line: a block without number or title, a line
 * without tab, an id twice, no queries at all.
 */
export async function readTopics(file: string | ByteSource, options: ReadOptions = {}): Promise<Query[]> {
  const source = asSource(file)
  const parser = new TopicsParser(source.label)
  for await (const batch of readLineBatches(source)) {
    throwIfAborted(options.signal)
    parser.take(batch)
  }
  return parser.finish()
}

/** As `readTopics`, of text in memory. `name` stands in error messages. */
export function parseTopics(text: string, name: string): Query[] {
  const parser = new TopicsParser(name)
  parser.take({ first: 1, lines: text.replace(/^\uFEFF/, '').split(/\r?\n/) })
  return parser.finish()
}

class TopicsParser {
  readonly #file: string
  readonly #queries: Query[] = []
  readonly #lines = new Map<string, number>()
  #format: 'trec' | 'tsv' | undefined
  /** The block under way: where it began, and its lines. */
  #block: { line: number; text: string[] } | undefined

  constructor(file: string) {
    this.#file = file
  }

  take(batch: LineBatch): void {
    for (let i = 0; i < batch.lines.length; i++) {
      const line = batch.lines[i]!
      if (line.trim() === '') continue
      this.#format ??= line.trimStart().startsWith('<') ? 'trec' : 'tsv'
      if (this.#format === 'tsv') this.#tabbed(line, batch.first + i)
      else this.#marked(line, batch.first + i)
    }
  }

  #tabbed(line: string, number: number): void {
    const tab = line.indexOf('\t')
    if (tab <= 0 || line.slice(tab + 1).trim() === '')
      throw invalid(
        { file: this.#file, line: number },
        'the line is not an id, a tab and a text.',
        'Topics are lines of id<TAB>text, or TREC <top> blocks with <num> and <title>.',
      )
    this.#add(line.slice(0, tab).trim(), line.slice(tab + 1).trim(), number)
  }

  #marked(line: string, number: number): void {
    if (/^\s*<top\b[^>]*>/i.test(line)) {
      if (this.#block) this.#close(number)
      this.#block = { line: number, text: [] }
    }
    this.#block?.text.push(line)
    if (/<\/top>/i.test(line)) this.#close(number)
  }

  #close(number: number): void {
    const block = this.#block
    if (!block) return
    this.#block = undefined
    const text = block.text.join('\n')
    const id = field(text, 'num')?.replace(/^Number:\s*/i, '')
    const title = field(text, 'title')?.replace(/^Topic:\s*/i, '')
    if (!id || !title)
      throw invalid(
        { file: this.#file, line: block.line },
        `the topic on lines ${block.line} to ${number} has no <${id ? 'title' : 'num'}>.`,
        'A TREC topic holds <num> and <title>.',
      )
    this.#add(id, title, block.line)
  }

  #add(id: string, text: string, line: number): void {
    const before = this.#lines.get(id)
    if (before !== undefined)
      throw invalid(
        { file: this.#file, line },
        `the query id ${id} stands on line ${before} already.`,
        'Ids are unique.',
      )
    this.#lines.set(id, line)
    this.#queries.push({ id, text })
  }

  finish(): Query[] {
    if (this.#block) this.#close(this.#block.line + this.#block.text.length - 1)
    if (this.#queries.length === 0)
      throw new FieldtrialError('DATA_INVALID', `${this.#file} holds no queries.`, {
        hint: 'Topics are lines of id<TAB>text, or TREC <top> blocks with <num> and <title>.',
        where: { file: this.#file },
      })
    return this.#queries
  }
}

/** The text after `<name>`, up to the next mark; blanks and line breaks become one blank. */
function field(block: string, name: string): string | undefined {
  const start = new RegExp(`<${name}>`, 'i').exec(block)
  if (!start) return undefined
  const rest = block.slice(start.index + start[0].length)
  const end = rest.search(/<\/?[a-z]+>/i)
  const text = (end < 0 ? rest : rest.slice(0, end)).replace(/\s+/g, ' ').trim()
  return text === '' ? undefined : text
}
