import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { ReportFormat } from '../report/index.ts'
import type { StudyResults } from '../study/results.ts'
import { collect } from './options.ts'
import { createTerminal } from './terminal.ts'

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('make the reports of earlier results again')
    .description('Makes reports from results.json, or of a training from training.json; nothing is computed anew.')
    .argument('<results>', 'results.json, or the folder that holds it; or the folder of a training')
    .addOption(
      new Option(
        '-f, --format <name>',
        'html, markdown, csv, latex, json or mteb; may be repeated (default: all)',
      ).argParser(collect),
    )
    .option('-o, --output <dir>', 'folder to write to (default: where the results are)')
    .option(
      '--mteb <path>',
      'result file of MTEB, or a folder of them, to stand beside the results; may be repeated',
      collect,
    )
    .option('--print', 'print to standard output instead of writing files: the table, or each --format')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial report results/scifact --format latex\n  fieldtrial report results/scifact --print',
    )
    .action(async (path: string, flags: { format?: string[]; output?: string; mteb?: string[]; print?: boolean }) => {
      const terminal = createTerminal()
      if (existsSync(join(path, 'training.json'))) {
        const { writeTrainingReports } = await import('../report/training/write.ts')
        for (const file of await writeTrainingReports(path)) terminal.out.write(`${file}\n`)
        return
      }
      const { readResults } = await import('../study/output.ts')
      const report = await import('../report/index.ts')
      const { results: earlier, evidence, folder } = await readResults(path)
      const results = flags.mteb ? await withMteb(earlier, flags.mteb) : earlier
      const formats = await chooseFormats(flags.format)
      if (flags.print && !flags.format) {
        terminal.out.write(
          `${report.renderTable(results, { palette: terminal.outColors, width: terminal.out.columns ?? 100 })}\n`,
        )
        return
      }
      if (flags.print) {
        const render = {
          markdown: report.renderMarkdown,
          csv: report.renderCsv,
          latex: report.renderLatex,
          json: report.renderJson,
          html: () => report.renderHtml(results, evidence),
          mteb: async () => JSON.stringify((await report.mtebExport(folder, results)).files, null, 2),
        }
        for (const format of formats) terminal.out.write(`${(await render[format](results)).trimEnd()}\n`)
        return
      }
      for (const file of await report.writeReports(resolve(flags.output ?? folder), results, evidence, formats, folder))
        terminal.out.write(`${file}\n`)
      // Whoever asked for it must learn what is not there; a default that gives nothing is no news.
      if (flags.format?.includes('mteb'))
        for (const { collection, why } of (await report.mtebExport(folder, results)).left)
          terminal.err.write(`${collection} is not among MTEB’s results: ${why}\n`)
    })
}

/** The results with figures out of MTEB's files beside them. */
async function withMteb(results: StudyResults, paths: readonly string[]): Promise<StudyResults> {
  const { readMtebResults } = await import('../data/mteb/index.ts')
  const { publishedRows } = await import('../study/published.ts')
  const imported = await readMtebResults(paths)
  const rows = publishedRows(results, imported)
  const own = new Set(publishedRows(results).map((row) => JSON.stringify(row)))
  return {
    ...results,
    published: [...(results.published ?? []), ...rows.filter((row) => !own.has(JSON.stringify(row)))],
  }
}

/** Run files are written by the study itself; they cannot be made from results. */
async function chooseFormats(asked: readonly string[] | undefined): Promise<Exclude<ReportFormat, 'trec'>[]> {
  const { REPORT_FORMATS } = await import('../report/index.ts')
  const { didYouMean } = await import('../core/suggest.ts')
  const known = REPORT_FORMATS.filter((format) => format !== 'trec')
  return (asked ?? known).map((format) => {
    const found = known.find((name) => name === format)
    if (found === undefined)
      throw new FieldtrialError('USAGE', `There is no report format ${JSON.stringify(format)}.`, {
        hint: didYouMean(format, known),
      })
    return found
  })
}
