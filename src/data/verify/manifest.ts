import { FieldtrialError } from '../../core/errors.ts'
import type { Expectation, ExpectedSplit } from './expectation.ts'

const NUMBER = String.raw`\d[\d,]*`

/**
 * Counts out of a Markdown table with the columns `folder`, `docs`, `test queries / judgments` and `other splits`, as people write
 * them: `5,183`, `300 / 339`, `train 809 q, dev 20 q`, also as a file with a number, in backquotes or brackets: `keywords.tsv` 3,573.
 * A dash for the documents says that the folder holds no collection; a number that is only about right (`20-odd`) is not compared.
 *
 * @returns Folder → expectation; null for folders that are no collections.
 * @throws FieldtrialError `DATA_INVALID` when there is no such table, or a cell holds no number.
 */
export function parseManifest(text: string, file: string): Map<string, Expectation | null> {
  const rows = text.split('\n').map((line, i) => ({ line: i + 1, cells: cellsOf(line) }))
  const head = rows.findIndex(({ cells }) => cells[0]?.toLowerCase() === 'folder')
  if (head < 0) throw invalid(file, undefined, 'it has no table whose first column is "folder"')
  const column = (name: string) => {
    const at = rows[head]!.cells.findIndex((cell) => cell.toLowerCase() === name)
    if (at < 0) throw invalid(file, rows[head]!.line, `its table has no column "${name}"`)
    return at
  }
  const [docs, test, others] = [column('docs'), column('test queries / judgments'), column('other splits')]
  const found = new Map<string, Expectation | null>()
  for (const { line, cells } of rows.slice(head + 2)) {
    const [folder] = cells
    if (cells.length === 0) break
    if (folder === undefined || folder === '') continue
    const documents = numberAt(cells[docs] ?? '')
    if (documents === undefined && /^[–—-]?$/.test(cells[docs] ?? '')) found.set(folder, null)
    else if (documents === undefined) throw invalid(file, line, `"${cells[docs]}" is no number of documents`)
    else
      found.set(folder, {
        against: file,
        documents,
        splits: { test: testSplit(cells[test] ?? '', file, line), ...otherSplits(cells[test]!, cells[others] ?? '') },
      })
  }
  return found
}

function cellsOf(line: string): string[] {
  if (!line.trim().startsWith('|')) return []
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())
}

function testSplit(cell: string, file: string, line: number): ExpectedSplit {
  const [, queries, judgments, about] = new RegExp(`^(${NUMBER})[^/(]*/\\s*(${NUMBER})(-odd|\\+|ish)?`).exec(cell) ?? []
  if (queries === undefined || judgments === undefined)
    throw invalid(file, line, `"${cell}" does not begin with queries / judgments`)
  return { queries: plain(queries), judgments: about === undefined ? plain(judgments) : null }
}

function otherSplits(test: string, others: string): Record<string, ExpectedSplit> {
  const bracketed = [...test.matchAll(/\(([^)]*)\)/g)].map(([, inside]) => inside!).join('; ')
  const named = new RegExp(`\`([\\w.-]+)\\.tsv\`\\s+(${NUMBER})|([\\w.-]+)\\s+(${NUMBER})\\s+q\\b`, 'g')
  return Object.fromEntries(
    [...`${bracketed}; ${others}`.matchAll(named)].map(([, file, ofFile, split, ofSplit]) => [
      (file ?? split)!,
      { queries: plain((ofFile ?? ofSplit)!) },
    ]),
  )
}

function numberAt(cell: string): number | undefined {
  const digits = new RegExp(`^${NUMBER}`).exec(cell)?.[0]
  return digits === undefined ? undefined : plain(digits)
}

const plain = (number: string) => Number(number.replaceAll(',', ''))

function invalid(file: string, line: number | undefined, what: string): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', `${file} does not state what collections should hold: ${what}.`, {
    hint: 'The table needs the columns folder, docs, test queries / judgments, other splits.',
    where: { file, ...(line === undefined ? {} : { line }) },
  })
}
