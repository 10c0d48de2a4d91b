import { resolve } from 'node:path'
import type { Command } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { StudyInput } from '../study/schema.ts'
import type { Study } from '../study/study.ts'
import { interruptible } from './interrupt.ts'
import { collect, openWorkspace, positiveInteger, WORKSPACE_HELP, workspaceFolder } from './options.ts'
import { createTerminal, say, type Terminal } from './terminal.ts'

interface RunFlags {
  collection?: string[]
  retriever?: string[]
  measure?: string[]
  split?: string
  removeSelf?: boolean
  baseline?: string
  depth?: number
  only?: string[]
  limit?: number
  output?: string
  workspace?: string
  dryRun?: boolean
  json?: boolean
  quiet?: boolean
  offline?: boolean
}

export function registerRun(program: Command): void {
  program
    .command('run')
    .summary('run a study, or what is left of it')
    .description(
      'Runs a study file, or a first look without one: plan, work, measures, paired tests, reports. A second run does no work.',
    )
    .argument('[study]', 'study file (YAML or JSON)')
    .option(
      '-c, --collection <source>',
      'without a study file: a collection (folder, .zip, hf:owner/name); may be repeated',
      collect,
    )
    .option(
      '-r, --retriever <spec>',
      'without a study file: bm25, bm25:analyzer=code, a model folder or hub id, URL#MODEL, rrf:A,B; may be repeated',
      collect,
    )
    .option('-m, --measure <name>', 'measure, e.g. nDCG@10; may be repeated; replaces those of the study file', collect)
    .option('--split <name>', 'without a study file: split of the judgments (default: test)')
    .option('--remove-self', "without a study file: drop the document whose id is the query's own")
    .option('--baseline <retriever>', 'retriever that the others are tested against')
    .option('--depth <n>', 'documents kept per query (default: 1000)', positiveInteger)
    .option('--only <pattern>', 'only these retrievers or collections (* for any letters); may be repeated', collect)
    .option('--limit <n>', 'smoke run: at most this many queries per collection; every output says so', positiveInteger)
    .option('-o, --output <dir>', 'folder of results and reports')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--dry-run', 'print the plan and stop')
    .option('--json', 'print the results as JSON to standard output')
    .option('-q, --quiet', 'no progress and no notices')
    .option('--offline', 'never use the network (also HF_HUB_OFFLINE=1)')
    .addHelpText(
      'after',
      `
Examples:
  fieldtrial run study.yaml
  fieldtrial run study.yaml --dry-run
  fieldtrial run study.yaml --only bm25 --limit 20
  fieldtrial run --collection data/scifact --retriever bm25 --retriever models/all-MiniLM-L6-v2 --retriever rrf:bm25,all-MiniLM-L6-v2
  fieldtrial run --collection hf:BeIR/scifact --retriever bm25 -m nDCG@10 --json`,
    )
    .action(async (file: string | undefined, flags: RunFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const study = await chooseStudy(file, flags, terminal)
      const { runStudyJob } = await import('./study-job.ts')
      const workspace = await openWorkspace(flags.workspace)
      process.exitCode = await interruptible(terminal, (signal) =>
        runStudyJob({
          study,
          workspace,
          terminal,
          signal,
          ...(flags.limit ? { limit: flags.limit } : {}),
          ...(flags.dryRun ? { dryRun: true } : {}),
          ...(flags.json ? { json: true } : {}),
          ...(flags.offline ? { offline: true } : {}),
        }),
      )
    })
}

async function chooseStudy(file: string | undefined, flags: RunFlags, terminal: Terminal): Promise<Study> {
  const { readStudy, studyFromInput } = await import('../study/parse.ts')
  const { onlyPart } = await import('../study/only.ts')
  let study: Study
  if (file !== undefined) {
    const given = (['collection', 'retriever', 'split'] as const).find((flag) => flags[flag] !== undefined)
    if (given)
      throw new FieldtrialError('USAGE', `--${given} is for runs without a study file.`, {
        hint: `Write it into ${file}, or leave the file out.`,
      })
    study = await readStudy(file, (input) => withFlags(input, flags))
  } else {
    if (!flags.collection?.length)
      throw new FieldtrialError('USAGE', 'Neither a study file nor a collection is named.', {
        hint: 'fieldtrial run STUDY.yaml, or fieldtrial run --collection DIR --retriever bm25.',
      })
    if (!flags.retriever?.length)
      throw new FieldtrialError('USAGE', 'No retriever is named.', {
        hint: 'Add --retriever bm25 or --retriever MODEL.',
      })
    study = studyFromInput(await inputFromFlags(flags), { folder: process.cwd(), defaultName: 'first-look' })
    // Two quick looks at different collections must not take each other's place.
    study = { ...study, name: `first-look-${study.collections.map(({ name }) => name).join('-')}`.slice(0, 100) }
    if (!flags.output)
      study = { ...study, outputFolder: resolve(workspaceFolder(flags.workspace), 'reports', study.name) }
  }
  const part = onlyPart(study, flags.only ?? [])
  if (part.comparison.baseline !== study.comparison.baseline)
    say(
      terminal,
      `The baseline ${study.comparison.baseline} is not in this part; ${part.comparison.baseline} takes its place.`,
    )
  // A part or a smoke run must not take the place of the whole study's results.
  const suffix = `${flags.only ? '-part' : ''}${flags.limit ? '-smoke' : ''}`
  return flags.output ? part : { ...part, outputFolder: `${part.outputFolder}${suffix}` }
}

async function inputFromFlags(flags: RunFlags): Promise<StudyInput> {
  const { retrieversOf } = await import('./retriever-flags.ts')
  return {
    collections: flags.collection!.map((source) => ({
      source,
      ...(flags.split ? { split: flags.split } : {}),
      ...(flags.removeSelf ? { removeSelf: true } : {}),
    })),
    ...(await retrieversOf(flags.retriever ?? [])),
    ...(flags.measure ? { measures: flags.measure } : {}),
    ...(flags.depth ? { depth: flags.depth } : {}),
    ...(flags.baseline ? { comparison: { baseline: flags.baseline } } : {}),
    ...(flags.output ? { output: { dir: resolve(flags.output) } } : {}),
  }
}

/** Flags that change a study file for one run; the file's own fields give way. */
function withFlags(input: StudyInput, flags: RunFlags): StudyInput {
  return {
    ...input,
    ...(flags.measure ? { measures: flags.measure } : {}),
    ...(flags.depth ? { depth: flags.depth } : {}),
    ...(flags.baseline ? { comparison: { ...input.comparison, baseline: flags.baseline } } : {}),
    ...(flags.output ? { output: { ...input.output, dir: resolve(flags.output) } } : {}),
  }
}
