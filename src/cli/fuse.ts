import { type Command, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { Workspace } from '../core/workspace.ts'
import type { FusionOptions } from '../fusion/index.ts'
import type { FuseSource } from '../study/fuse/source.ts'
import { describeFused, describeProposal, proposalJson } from './fuse-text.ts'
import { interruptible } from './interrupt.ts'
import { collect, inputFile, openWorkspace, positiveInteger, WORKSPACE_HELP, workspaceFolder } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal, say, type Terminal } from './terminal.ts'

interface FuseFlags {
  results?: string
  collection?: string
  of?: string
  qrels?: string
  method?: string
  normalisation?: string
  weights?: string
  k?: number
  measure?: string[]
  folds: number
  seed: number
  depth?: number
  output?: string
  search?: boolean
  maxMembers?: number
  maxMs?: number
  maxBytes?: number
  holdout: number
  spaces: boolean
  workspace?: string
  json?: boolean
  quiet?: boolean
}

export function registerFuse(program: Command): void {
  program
    .command('fuse')
    .summary('make one run out of several, or look for the best way to')
    .description(
      'Fuses TREC runs, or the runs of a finished study. Weights and routes are learned by cross-validation over the judged queries, so that no query is ranked by what was learned from itself. With --search, sets of members and ways of fusing them, by their runs or, where vectors lie in the workspace, by their spaces, are compared on one part of the queries, within limits of cost, and the winner is measured on the other part.',
    )
    .argument('[runs...]', 'TREC run files; .gz accepted')
    .option('--results <path>', 'in place of run files: results.json of a finished study, or its folder')
    .option('-c, --collection <name>', 'with --results: which collection, if there are several')
    .option('--of <ids>', 'with --results: ids of retrievers, separated by commas (default: all that are no fusions)')
    .option('--qrels <file>', 'judgments, TREC or BEIR: to learn from and to measure by')
    .option('--method <name>', 'rrf, wsum, dbsf, mnz … as in study files, or route (default: rrf)')
    .option('--normalisation <name>', 'how scores are made comparable first, e.g. min-max, zmuv, dbsf')
    .option('--weights <list>', 'one per run, separated by commas, or `learned`')
    .option('--k <n>', 'constant of rrf and wrrf', number('k'))
    .option(
      '-m, --measure <name>',
      'what is measured; the first one is learned for; may be repeated (default: nDCG@10)',
      collect,
    )
    .option('--folds <n>', 'folds of the cross-validation', positiveInteger, 5)
    .addOption(new Option('--seed <n>', 'of the parting of queries').argParser(number('seed')).default(42))
    .option('--depth <n>', 'documents kept per query (default: all)', positiveInteger)
    .option('-o, --output <file>', 'where the fused run goes; - for standard output')
    .option('--search', 'propose the best combination instead')
    .option('--max-members <n>', 'with --search: retrievers in it at most (default: 3)', positiveInteger)
    .option(
      '--max-ms <n>',
      'with --search and --results: milliseconds per query, of all members together or of the fused space',
      number('max-ms'),
    )
    .option(
      '--max-bytes <n>',
      'with --search and --results: bytes of all indexes together; a fused space has one',
      number('max-bytes'),
    )
    .addOption(
      new Option('--holdout <share>', 'with --search: share of the queries kept for the report')
        .argParser(number('holdout'))
        .default(0.5),
    )
    .option('--no-spaces', 'with --search: try fusions of runs alone, which are quicker')
    .option('-w, --workspace <dir>', `with --search and --results: ${WORKSPACE_HELP}`)
    .option('--json', 'print figures as JSON')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      `
Examples:
  fieldtrial fuse bm25.trec minilm.trec -o fused.trec
  fieldtrial fuse bm25.trec minilm.trec --qrels test.tsv --method wsum --weights learned -o fused.trec
  fieldtrial fuse --results results/study -c scifact --of bm25,minilm --method route -o routed.trec
  fieldtrial fuse --results results/study -c scifact --search --max-members 2 --max-ms 20`,
    )
    .action(async (files: string[], flags: FuseFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      await interruptible(terminal, (signal) => run(files, flags, terminal, signal))
    })
}

async function run(files: readonly string[], flags: FuseFlags, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { parseMeasures } = await import('../measure/index.ts')
  const measures = parseMeasures(flags.measure ?? ['nDCG@10'])
  const source = await sourceOf(files, flags, signal)
  const progress = new ProgressLine(terminal)
  const work = { signal, onProgress: progress.update }
  const [measure] = measures
  const { folds, seed } = flags
  if (folds < 2) throw usage('--folds must be 2 or more.', 'For example --folds 5.')
  if (flags.search) {
    const misplaced = (['method', 'weights', 'normalisation', 'output'] as const).find((name) => flags[name])
    if (misplaced)
      throw usage(`--${misplaced} has no place beside --search.`, 'The search chooses; fuse by what it proposes.')
    if (source.qrels === null)
      throw usage('A search needs judgments.', 'Name them with --qrels, or a study with --results.')
    if (!(flags.holdout > 0 && flags.holdout < 1))
      throw usage('--holdout must lie between 0 and 1.', 'For example --holdout 0.5.')
    const { searchFusion } = await import('../study/fuse/search.ts')
    const workspace = flags.spaces ? await knownWorkspace(source, flags, terminal) : null
    const proposal = await searchFusion(source, {
      measure: measure!,
      limits: {
        ...(flags.maxMembers === undefined ? {} : { members: flags.maxMembers }),
        ...(flags.maxMs === undefined ? {} : { msPerQuery: flags.maxMs }),
        ...(flags.maxBytes === undefined ? {} : { indexBytes: flags.maxBytes }),
      },
      holdout: flags.holdout,
      ...(workspace === null ? {} : { workspace }),
      folds,
      seed,
      work,
    })
    progress.clear()
    terminal.out.write(
      flags.json
        ? `${JSON.stringify(proposalJson(proposal, measure!.name))}\n`
        : describeProposal(proposal, measure!.name, source.from),
    )
    return
  }
  if (flags.workspace !== undefined || !flags.spaces)
    throw usage('--workspace and --no-spaces are for --search.', 'Add --search, or leave them out.')
  const limited = (['maxMembers', 'maxMs', 'maxBytes'] as const).find((name) => flags[name] !== undefined)
  if (limited) throw usage('Limits are for --search.', 'Add --search, or leave them out.')
  const { makeFused } = await import('../study/fuse/make.ts')
  const made = await makeFused(source, { ...(await methodOf(flags)), folds, seed, measure: measure!, work })
  progress.clear()
  if (flags.output !== undefined) {
    const { writeRun, writeRunFile } = await import('../data/trec.ts')
    if (flags.output === '-') terminal.out.write(writeRun(made.run, 'fused'))
    else await writeRunFile(flags.output, made.run, 'fused')
  }
  const { evaluate } = await import('../measure/index.ts')
  const evaluated =
    source.qrels === null
      ? []
      : [...source.runs, { name: 'fused', run: made.run }].map(({ name, run }) => ({
          name,
          mean: evaluate(source.qrels!, run, measures).mean,
        }))
  if (flags.json) {
    const figures = evaluated.map(({ name, mean }) => ({ run: name, mean: Object.fromEntries(mean) }))
    terminal.out.write(`${JSON.stringify({ runs: figures, folds: made.folds, whole: made.whole })}\n`)
    return
  }
  const text = describeFused(source.runs, evaluated, measures, made)
  // The run itself may go to standard output.
  ;(flags.output === '-' ? terminal.err : terminal.out).write(text)
  if (flags.output === undefined) say(terminal, 'No run was written: name a file with -o.')
}

async function sourceOf(files: readonly string[], flags: FuseFlags, signal: AbortSignal) {
  const { runsFromFiles, runsFromStudy } = await import('../study/fuse/source.ts')
  if (flags.results !== undefined) {
    if (files.length > 0 || flags.qrels !== undefined)
      throw usage('A study has runs and judgments of its own.', 'Name either --results or run files.')
    return runsFromStudy(
      flags.results,
      {
        ...(flags.collection === undefined ? {} : { collection: flags.collection }),
        ...(flags.of === undefined ? {} : { of: listOf(flags.of) }),
      },
      signal,
    )
  }
  if (flags.collection !== undefined || flags.of !== undefined)
    throw usage('--collection and --of are for --results.', 'Name the results of a study, or leave them out.')
  if (files.length < 2) throw usage('Name two runs or more.', 'fieldtrial fuse A.trec B.trec -o FUSED.trec')
  return runsFromFiles(files.map(inputFile), flags.qrels === undefined ? undefined : inputFile(flags.qrels), signal)
}

/** The workspace of a study, whose vectors can be fused; one that is not there is not made. */
async function knownWorkspace(
  source: FuseSource,
  { workspace }: FuseFlags,
  terminal: Terminal,
): Promise<Workspace | null> {
  if (source.study === null) {
    if (workspace !== undefined)
      throw usage('Run files have no vectors in a workspace.', 'Name a finished study with --results.')
    return null
  }
  const folder = workspaceFolder(workspace)
  const { existsSync } = await import('node:fs')
  const { join } = await import('node:path')
  if (existsSync(join(folder, 'workspace.json'))) return openWorkspace(workspace)
  say(terminal, `There is no workspace ${folder}, so spaces are not fused: name the study's with --workspace.`)
  return null
}

/** The method and its options; what does not fit is told when they are resolved. */
async function methodOf(flags: FuseFlags) {
  const { FUSION_METHODS } = await import('../fusion/index.ts')
  const { didYouMean } = await import('../core/suggest.ts')
  const learned = flags.weights === 'learned'
  const method = flags.method ?? (flags.weights === undefined ? 'rrf' : 'wsum')
  if (method !== 'route' && !(FUSION_METHODS as readonly string[]).includes(method))
    throw usage(`There is no fusion method ${method}.`, didYouMean(method, [...FUSION_METHODS, 'route']))
  if (method === 'route' && flags.weights !== undefined) throw usage('A route takes no --weights.', 'Leave them out.')
  const options: Omit<FusionOptions, 'method'> = {
    ...(flags.normalisation === undefined
      ? {}
      : { normalisation: flags.normalisation as NonNullable<FusionOptions['normalisation']> }),
    ...(flags.weights === undefined || learned ? {} : { weights: listOf(flags.weights).map(number('weights')) }),
    ...(flags.k === undefined ? {} : { k: flags.k }),
    ...(flags.depth === undefined ? {} : { depth: flags.depth }),
  }
  return { method: method as FusionOptions['method'] | 'route', options, learned }
}

const listOf = (text: string) => text.split(',').map((part) => part.trim())

function number(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
    throw usage(`--${flag} must be a number from 0 on, not ${JSON.stringify(text)}.`, 'Correct it.')
  }
}

function usage(message: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', message, { hint })
}
