import type { ByteSource } from './byte-source.ts'
import { type Judgments, JudgmentsBuilder } from './collection.ts'
import { JUDGMENT_DOCUMENT, JUDGMENT_GRADE, JUDGMENT_QUERY } from './columns.ts'
import { readLineBatches } from './lines.ts'
import { gradeField, invalid, snippet } from './record.ts'

/**
 * Judgments in BEIR's form: tab-separated query id, document id and grade, with or without the header line
 * `query-id corpus-id score` (whose names may stand in another order). BEIR's own loader drops the first line whatever
 * it says and so loses a judgment where the header is missing; here it is a header only if it holds no grade.
 *
 * @throws FieldtrialError `DATA_INVALID` with file and line on any line of another form.
 */
export async function readBeirQrels(sources: readonly ByteSource[]): Promise<Judgments> {
  const builder = new JudgmentsBuilder()
  for (const source of sources) await readOne(source, builder)
  return builder.done()
}

async function readOne(source: ByteSource, builder: JudgmentsBuilder): Promise<void> {
  let order = [0, 1, 2]
  let begun = false
  for await (const { first, lines } of readLineBatches(source)) {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!
      if (line.trim() === '') continue
      const where = { file: source.label, line: first + i }
      const cells = line.split('\t')
      if (cells.length !== 3) throw wrongCells(cells, line, where)
      if (!begun) {
        begun = true
        const header = headerOrder(cells)
        if (header !== undefined) {
          order = header
          continue
        }
      }
      const [query, document] = [cells[order[0]!]!, cells[order[1]!]!]
      if (query === '' || document === '')
        throw invalid(where, `an id is empty: ${snippet(line)}`, 'A line needs query id, document id and grade.')
      builder.add(query, document, gradeField({ score: cells[order[2]!] }, ['score'], where), where)
    }
  }
}

/** Which cell is which, if the line is a header; undefined if it is a judgment. */
function headerOrder(cells: readonly string[]): number[] | undefined {
  const names = cells.map((cell) => cell.trim().toLowerCase())
  const order = [JUDGMENT_QUERY, JUDGMENT_DOCUMENT, JUDGMENT_GRADE].map((known: readonly string[]) =>
    names.findIndex((name) => known.includes(name)),
  )
  if (order.every((place) => place >= 0)) return order
  // Unknown names are taken in BEIR's order; anything else in the grade's place is for the caller to refuse.
  return names.every((name) => /^[a-z][a-z _-]*$/.test(name)) ? [0, 1, 2] : undefined
}

function wrongCells(cells: readonly string[], line: string, where: { file: string; line: number }) {
  const trec = cells.length === 4 || (cells.length === 1 && /^\S+ +\S+ +\S+ +-?\d+\s*$/.test(line))
  return invalid(
    where,
    `three cells apart by tabs were expected, found ${cells.length}: ${snippet(line)}`,
    trec
      ? 'This looks like TREC qrels: name the files with `format: trec`.'
      : 'A line needs query id, document id and grade, apart by tabs.',
  )
}
