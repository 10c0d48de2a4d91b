import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { ReportFormat } from '../report/index.ts'
import { collect } from './options.ts'
import { createTerminal } from './terminal.ts'

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('make the reports of earlier results again')
    .description('Makes reports from results.json; nothing is computed anew.')
    .argument('<results>', 'results.json, or the folder that holds it')
    .addOption(
      new Option('-f, --format <name>', 'html, markdown, csv, latex or json; may be repeated (default: all)').argParser(
        collect,
      ),
    )
    .option('-o, --output <dir>', 'folder to write to (default: where the results are)')
    .option('--print', 'print to standard output instead of writing files: the table, or each --format')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial report results/scifact --format latex\n  fieldtrial report results/scifact --print',
    )
    .action(async (path: string, flags: { format?: string[]; output?: string; print?: boolean }) => {
      const terminal = createTerminal()
      const { readResults } = await import('../study/output.ts')
      const report = await import('../report/index.ts')
      const { results, evidence, folder } = await readResults(path)
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
        }
        for (const format of formats) terminal.out.write(`${(await render[format](results)).trimEnd()}\n`)
        return
      }
      for (const file of await report.writeReports(resolve(flags.output ?? folder), results, evidence, formats))
        terminal.out.write(`${file}\n`)
    })
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
