import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../core/atomic.ts'
import type { Evidence, StudyResults } from '../study/results.ts'
import { perQueryCsvLines, renderCsv } from './csv.ts'
import { renderDataCsv } from './csv-data.ts'
import { renderDomainsCsv } from './csv-domains.ts'
import { renderFusionCsv } from './csv-fusion.ts'
import { renderPublishedCsv } from './csv-published.ts'
import { renderSpacesCsv } from './csv-spaces.ts'
import { renderSpecialisationCsv, renderSpreadsCsv } from './csv-specialisation.ts'
import { renderSupervisedCsv } from './csv-supervised.ts'
import { renderHtml } from './html.ts'
import { renderJson } from './json.ts'
import { renderLatex } from './latex.ts'
import { renderMarkdown } from './markdown.ts'
import { mtebExport } from './mteb/export.ts'

/** What a study can be written as. `trec` run files are written by the study while it runs, not made from its results. */
export const REPORT_FORMATS = ['html', 'markdown', 'csv', 'latex', 'json', 'trec', 'mteb'] as const

export type ReportFormat = (typeof REPORT_FORMATS)[number]

/**
 * Writes the reports of a study into a folder, each one whole or not at all: `report.html`, `report.md`, `results.csv`, `spaces.csv`,
 * `fusion.csv`, `domains.csv`, `published.csv`, `supervised.csv`, `specialisation.csv`, `spreads.csv`, `data.csv` and `per-query.csv`, `table.tex`, `results.json`, and `mteb/` with a file per model and task.
 *
 * @param runs Folder in which the runs lie, from which MTEB's measures are made. Default: `folder`.
 * @returns The paths written, in the order of `formats`; `trec` adds none.
 * @throws FieldtrialError `DISK_FULL` or `USAGE` when a file cannot be written.
 */
export async function writeReports(
  folder: string,
  results: StudyResults,
  evidence: Evidence,
  formats: readonly ReportFormat[],
  runs = folder,
): Promise<string[]> {
  const written: string[] = []
  const write = async (name: string, content: string | ((file: FileHandle) => Promise<void>)) => {
    const path = join(folder, name)
    await writeAtomic(path, content)
    written.push(path)
  }
  for (const format of new Set(formats)) {
    if (format === 'html') await write('report.html', await renderHtml(results, evidence))
    else if (format === 'markdown') await write('report.md', renderMarkdown(results))
    else if (format === 'latex') await write('table.tex', renderLatex(results))
    else if (format === 'json') await write('results.json', renderJson(results))
    else if (format === 'mteb')
      for (const { path, content } of (await mtebExport(runs, results)).files)
        await write(join('mteb', path), `${JSON.stringify(content, null, 2)}\n`)
    else if (format === 'csv') {
      await write('results.csv', renderCsv(results))
      await write('spaces.csv', renderSpacesCsv(results))
      await write('fusion.csv', renderFusionCsv(results))
      await write('domains.csv', renderDomainsCsv(results))
      await write('published.csv', renderPublishedCsv(results))
      await write('supervised.csv', renderSupervisedCsv(results))
      await write('specialisation.csv', renderSpecialisationCsv(results))
      await write('spreads.csv', renderSpreadsCsv(results))
      await write('data.csv', renderDataCsv(results))
      await write('per-query.csv', (file) => writeInPieces(file, perQueryCsvLines(results)))
    }
  }
  return written
}

/** Size of a write, in characters: large enough to be quick, small beside any memory. */
const PIECE = 1 << 20

async function writeInPieces(file: FileHandle, lines: Iterable<string>): Promise<void> {
  let piece = ''
  for (const line of lines) {
    piece += line
    if (piece.length >= PIECE) {
      await file.writeFile(piece)
      piece = ''
    }
  }
  await file.writeFile(piece)
}
