import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
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
    .option('--print', 'print the table to standard output instead of writing files')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial report results/scifact --format latex\n  fieldtrial report results/scifact --print',
    )
    .action(async (path: string, flags: { format?: string[]; output?: string; print?: boolean }) => {
      const terminal = createTerminal()
      const { readResults } = await import('../study/output.ts')
      const { REPORT_FORMATS, renderTable, writeReports } = await import('../report/index.ts')
      const { results, evidence, folder } = await readResults(path)
      if (flags.print) {
        terminal.out.write(
          `${renderTable(results, { palette: terminal.outColors, width: terminal.out.columns ?? 100 })}\n`,
        )
        return
      }
      const formats = flags.format ?? REPORT_FORMATS.filter((format) => format !== 'trec')
      const { FieldtrialError } = await import('../core/errors.ts')
      const { didYouMean } = await import('../core/suggest.ts')
      for (const format of formats)
        if (!(REPORT_FORMATS as readonly string[]).includes(format))
          throw new FieldtrialError('USAGE', `There is no format ${JSON.stringify(format)}.`, {
            hint: didYouMean(format, REPORT_FORMATS),
          })
      const written = await writeReports(
        resolve(flags.output ?? folder),
        results,
        evidence,
        formats as (typeof REPORT_FORMATS)[number][],
      )
      for (const file of written) terminal.out.write(`${file}\n`)
    })
}
