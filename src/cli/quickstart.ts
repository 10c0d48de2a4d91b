import { existsSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal, say } from './terminal.ts'

/** Fewer sections than this say nothing about retrievers. */
const MIN_DOCUMENTS = 800

interface QuickstartFlags {
  docs?: string[]
  output: string
  workspace?: string
  offline?: boolean
  json?: boolean
  quiet?: boolean
}

export function registerQuickstart(program: Command): void {
  program
    .command('quickstart')
    .summary('a first study out of the documentation on this machine')
    .description(
      'Builds a known-item collection out of Markdown files (heading → its section) and compares BM25 with its analyzers, all-MiniLM-L6-v2 and their fusions. Needs nothing but what is here; the model is fetched if it can be.',
    )
    .option('--docs <dir...>', 'folders with Markdown files (default: the node_modules here and those of fieldtrial)')
    .option('-o, --output <dir>', 'folder of the study file, results and reports', 'fieldtrial-quickstart')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the results as JSON to standard output')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText('after', '\nExamples:\n  fieldtrial quickstart\n  fieldtrial quickstart --docs ~/notes')
    .action(async (flags: QuickstartFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const { buildKnownItem } = await import('../data/index.ts')
      const { findSmallEncoder } = await import('../study/quickstart/model.ts')
      const { quickstartStudy, quickstartYaml } = await import('../study/quickstart/study.ts')
      const { parseStudy } = await import('../study/parse.ts')
      const { writeAtomic } = await import('../core/atomic.ts')
      const { runStudyJob } = await import('./study-job.ts')
      const workspace = await openWorkspace(flags.workspace)
      const output = resolve(flags.output)
      const progress = new ProgressLine(terminal)
      process.exitCode = await interruptible(terminal, async (signal) => {
        const work = {
          signal,
          onProgress: progress.update,
          onNotice: (notice: { message: string }) => {
            progress.clear()
            say(terminal, notice.message)
          },
        }
        const roots = flags.docs?.map((dir) => resolve(dir)) ?? defaultRoots()
        const collection = join(output, 'known-item')
        say(terminal, `Reading the documentation in ${roots.join(' and ')} …`)
        const { documents, queries } = await buildKnownItem(roots, collection, {}, work)
        progress.clear()
        if (documents < (flags.docs ? 2 : MIN_DOCUMENTS))
          throw new FieldtrialError('DATA_MISSING', `Only ${documents} sections were found in ${roots.join(', ')}.`, {
            hint: 'Name folders with more Markdown files: fieldtrial quickstart --docs DIR.',
          })
        say(terminal, `Known-item collection: ${documents} sections, ${queries} headings to find them by.`)
        const encoder = await findSmallEncoder(workspace, { ...work, ...(flags.offline ? { offline: true } : {}) })
        progress.clear()
        if ('reasons' in encoder)
          say(
            terminal,
            `all-MiniLM-L6-v2 cannot be had, so the study goes on without it:\n${encoder.reasons.map((reason) => `  - ${reason}`).join('\n')}`,
          )
        const file = join(output, 'study.yaml')
        const text = quickstartYaml(
          quickstartStudy('./known-item', 'model' in encoder ? portable(encoder.model, output) : null),
        )
        await writeAtomic(file, text)
        say(terminal, `Study file: ${file}`)
        return runStudyJob({
          study: parseStudy(text, file),
          workspace,
          terminal,
          signal,
          ...(flags.json ? { json: true } : {}),
          ...(flags.offline ? { offline: true } : {}),
        })
      })
    })
}

/** The packages installed here and beside fieldtrial, wherever it is installed. */
function defaultRoots(): string[] {
  const own = fileURLToPath(new URL('../..', import.meta.url))
  const candidates = [join(process.cwd(), 'node_modules'), join(own, 'node_modules'), join(own, '..')]
  const roots = candidates
    .filter((path) => path.replace(/[\\/]+$/, '').endsWith('node_modules') && existsSync(path))
    .map((path) => resolve(path))
  if (roots.length === 0)
    throw new FieldtrialError('DATA_MISSING', 'There is no node_modules folder with documentation here.', {
      hint: 'Name folders with Markdown files: fieldtrial quickstart --docs DIR.',
    })
  return [...new Set(roots)]
}

/** A folder relative to the study file, so that both can be moved together; a hub id as it is. */
function portable(model: string, output: string): string {
  return isAbsolute(model) ? `./${relative(output, model)}`.replace(/^\.\/\.\./, '..') : model
}
