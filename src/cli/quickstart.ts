import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { QuickstartCollection } from '../study/quickstart/study.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal, say } from './terminal.ts'

/** Fewer sections than this, where no folder was named, say nothing about retrievers. */
const MIN_DOCUMENTS = 800
/** Nor do fewer queries than this over code. */
const MIN_CODE_QUERIES = 20

interface QuickstartFlags {
  docs?: string[]
  code?: string | false
  output: string
  workspace?: string
  json?: boolean
  quiet?: boolean
}

export function registerQuickstart(program: Command): void {
  program
    .command('quickstart')
    .summary('a first study out of the documentation and the code on this machine')
    .description(
      'Makes two collections out of what is installed: documentation (heading → its section) and code (first sentence of a comment → its function). Then BM25, eight small language models that differ in what they were trained on, a retriever made of one of them, and its fusions with BM25. The models come with fieldtrial: no network is used.',
    )
    .option('--docs <dir...>', 'folders with Markdown files (default: the node_modules here and those of fieldtrial)')
    .option('--code <dir>', 'folder with code (default: that of fieldtrial itself, which no model here was trained on)')
    .option('--no-code', 'documentation only')
    .option('-o, --output <dir>', 'folder of the study file, results and reports', 'fieldtrial-quickstart')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--json', 'print the results as JSON to standard output')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial quickstart\n  fieldtrial quickstart --docs ~/notes --code ~/project/src',
    )
    .action(async (flags: QuickstartFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
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
        const tell = (line: string) => {
          progress.clear()
          say(terminal, line)
        }
        const roots = flags.docs?.map((dir) => resolve(dir)) ?? defaultRoots()
        const collections = [await docsCollection(roots, flags.docs !== undefined, output, work, tell)]
        if (flags.code !== false) {
          const code = flags.code === undefined ? ownCode() : { root: resolve(flags.code) }
          collections.push(await codeCollection(code, output, work, tell))
        }
        const file = join(output, 'study.yaml')
        const text = quickstartYaml(quickstartStudy(collections))
        await writeAtomic(file, text)
        say(terminal, `Study file: ${file}`)
        return runStudyJob({
          study: parseStudy(text, file),
          workspace,
          terminal,
          signal,
          offline: true,
          ...(flags.json ? { json: true } : {}),
        })
      })
    })
}

type Tell = (line: string) => void

async function docsCollection(
  roots: readonly string[],
  named: boolean,
  output: string,
  work: LongWork,
  tell: Tell,
): Promise<QuickstartCollection> {
  const { buildKnownItem } = await import('../data/index.ts')
  const { QUICKSTART_DOCS } = await import('../study/quickstart/study.ts')
  tell(`Reading the documentation in ${roots.join(' and ')} …`)
  const { documents, queries } = await buildKnownItem(roots, join(output, 'docs-search'), QUICKSTART_DOCS, work)
  if (documents < (named ? 2 : MIN_DOCUMENTS))
    throw new FieldtrialError('DATA_MISSING', `Only ${documents} sections were found in ${roots.join(', ')}.`, {
      hint: 'Name folders with more Markdown files: fieldtrial quickstart --docs DIR.',
    })
  tell(`docs-search: ${documents} sections, ${queries} headings to find them by.`)
  return { folder: './docs-search', documents }
}

/** @throws FieldtrialError `DATA_MISSING` where the folder is not there, or has too little documented code. */
async function codeCollection(
  { root, include }: CodeFolder,
  output: string,
  work: LongWork,
  tell: Tell,
): Promise<QuickstartCollection> {
  const { collectCode } = await import('../data/collect/index.ts')
  tell(`Reading the code in ${root} …`)
  const options = { test: 0.9, dev: 0, ...(include ? { include } : {}) }
  const { counts } = await collectCode(root, join(output, 'code-search'), options, work)
  if (counts.queries.test < MIN_CODE_QUERIES)
    throw new FieldtrialError(
      'DATA_MISSING',
      `Only ${counts.queries.test} comments that could be queries were found in ${root}.`,
      { hint: 'Name a folder with more documented code (--code DIR), or leave code out (--no-code).' },
    )
  tell(`code-search: ${counts.documents} functions and types, ${counts.queries.test} comments to find them by.`)
  return { folder: './code-search', documents: counts.documents }
}

interface CodeFolder {
  readonly root: string
  /** Only these files, as patterns. */
  readonly include?: readonly string[]
}

/** fieldtrial's sources in a clone; as a package it has them compiled, comments and all. */
function ownCode(): CodeFolder {
  const own = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
  return existsSync(own('src')) ? { root: own('src') } : { root: own('dist'), include: ['*.js'] }
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
