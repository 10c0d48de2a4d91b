import { basename, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import type { NegativeFilter } from '../train/mine/filter.ts'
import { interruptible } from './interrupt.ts'
import { miningStudy } from './mine-study.ts'
import { collect, openWorkspace, positiveInteger, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal, type Terminal } from './terminal.ts'

export interface MineFlags {
  output: string
  retriever?: string[]
  run?: string[]
  study?: string
  recipe?: string
  engine?: 'onnx' | 'torch'
  device?: string
  adapter?: string
  training?: string
  split?: string
  task?: string
  removeSelf?: boolean
  titles?: 'keep' | 'omit'
  range?: { from: number; to: number }
  negatives?: number
  sample?: 'top' | 'random'
  relativeMargin?: number
  absoluteMargin?: number
  margin?: false
  against?: 'worst' | 'mean' | 'best'
  maxScore?: number
  positiveGrade?: number
  depth?: number
  seed?: number
  crossEncoder?: string
  judgeUrl?: string
  judgeModel?: string
  judgeKeyEnv?: string
  judgePrompt?: string
  filterMargin?: number
  shortlist?: number
  estimate?: boolean
  show?: number
  page?: string
  workspace?: string
  offline?: boolean
  json?: boolean
  quiet?: boolean
}

export function registerMine(program: Command): void {
  program
    .command('mine')
    .summary('hard negatives for training, from any retriever')
    .description(
      'Writes queries with their positives and hard negatives in Tevatron’s JSONL layout, which `fieldtrial train` reads, and beside it what it was made from, why candidates were left out, and how many negatives are false ones. Without a collection, shows a file that was mined before.',
    )
    .argument('[collection]', 'a folder, .zip, hf:owner/name, or a name that `fieldtrial datasets` lists')
    .requiredOption('-o, --output <file>', 'file of the queries with negatives: .jsonl or .jsonl.gz')
    .option(
      '-r, --retriever <spec>',
      'bm25, bm25:analyzer=code, a model folder or hub id, URL#MODEL, rrf:A,B; may be repeated: then negatives come from each in turn',
      collect,
    )
    .option(
      '--run <file>',
      'a TREC run over the same documents, in place of or beside retrievers; may be repeated',
      collect,
    )
    .option('--study <file>', 'a study file; --retriever then names its retrievers')
    .option('--recipe <id>', 'recipe of the models (see `fieldtrial recipe list`)')
    .addOption(new Option('--engine <name>', 'what runs the models').choices(['onnx', 'torch']))
    .option('--device <name>', 'what computes (see `fieldtrial recipe show --help`)')
    .option('--adapter <folder or id>', 'LoRA weights for the model (engine torch)')
    .option(
      '--training <source>',
      'a training set in Tevatron’s layout, whose queries and positives are mined for; its own passages are the corpus unless a collection is named',
    )
    .option('--split <name>', 'split of the judgments, or of the training set (default: train)')
    .option('--task <text>', 'task instruction for recipes that take one (default: the collection’s)')
    .option('--remove-self', "leave out the document whose id is the query's own")
    .addOption(new Option('--titles <mode>', 'whether documents keep their titles').choices(['keep', 'omit']))
    .option('--range <from-to>', 'ranks that negatives come from (default: 1-1000, or 1-200 without a margin)', range)
    .option('--negatives <n>', 'negatives per query (default: 15)', positiveInteger)
    .addOption(
      new Option('--sample <mode>', 'the highest ranks, or drawn by chance (default: top)').choices(['top', 'random']),
    )
    .option(
      '--relative-margin <share>',
      'how far below the positive’s score a negative’s must be, as a share of it (default: 0.05, NV-Retriever’s 95 %)',
      number,
    )
    .option('--absolute-margin <score>', 'the same as a difference of scores', number)
    .option('--no-margin', 'no margin')
    .addOption(
      new Option(
        '--against <which>',
        'the positive that margins are measured from, where a query has several (default: mean)',
      ).choices(['worst', 'mean', 'best']),
    )
    .option('--max-score <score>', 'leave out candidates with a higher score', number)
    .option(
      '--positive-grade <n>',
      'judgments from this grade on are positives; lower ones above 0 are neither (default: 1)',
      positiveInteger,
    )
    .option(
      '--depth <n>',
      'documents of a ranking in which positives, and with a margin negatives, are looked for (default: 1000)',
      positiveInteger,
    )
    .option('--seed <n>', 'of draws (default: 42)', count)
    .option('--cross-encoder <folder or id>', 'leave out what this cross-encoder scores too near to the positive')
    .option('--filter-margin <share>', 'how far below the positive its probability must be (default: 0.05)', number)
    .option(
      '--judge-url <address>',
      'leave out what a language model on this OpenAI-compatible server takes for an answer',
    )
    .option('--judge-model <name>', 'the model that the server is asked for')
    .option('--judge-key-env <name>', 'environment variable that holds the server’s key')
    .option('--judge-prompt <text>', 'what the model is asked, with {query} and {passage}; it must ask for yes or no')
    .option(
      '--shortlist <n>',
      'candidates that a filter is asked about at most (default: 3 times --negatives)',
      positiveInteger,
    )
    .option('--no-estimate', 'do not estimate the rate of false negatives')
    .option('--show <n>', 'print so many queries of the file with positives and negatives', positiveInteger)
    .option('--page <file>', 'write a page (HTML) to look through 50 queries, or as many as --show says')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the card as JSON')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      `
Examples:
  fieldtrial mine data/nfcorpus -r bm25 -o negatives.jsonl
  fieldtrial mine data/nfcorpus -r bm25 -r sentence-transformers/all-MiniLM-L6-v2 --range 10-100 --sample random -o negatives.jsonl
  fieldtrial mine data/my-docs -r MODEL --cross-encoder cross-encoder/ms-marco-MiniLM-L6-v2 -o negatives.jsonl.gz
  fieldtrial mine -o negatives.jsonl --show 5 --page look.html`,
    )
    .action(async (collection: string | undefined, flags: MineFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const output = resolve(flags.output)
      if (!/\.jsonl(\.gz)?$/.test(output))
        throw new FieldtrialError('USAGE', `${flags.output} must end in .jsonl or .jsonl.gz.`, {
          hint: 'For example --output negatives.jsonl.',
        })
      if (collection !== undefined || flags.training !== undefined)
        await interruptible(terminal, (signal) => mineNow(collection ?? null, output, flags, terminal, signal))
      else await requireMined(output, flags)
      await showMined(output, flags, terminal)
    })
}

async function mineNow(
  source: string | null,
  output: string,
  flags: MineFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { openMining } = await import('../train/mine/source.ts')
  const { mine } = await import('../train/mine/mine.ts')
  const { hasMargin, LAST_RANK, miningRules } = await import('../train/mine/rules.ts')
  const rules = miningRules(ruleFlags(flags))
  const study = await miningStudy(flags)
  const workspace = await openWorkspace(flags.workspace)
  const progress = new ProgressLine(terminal)
  const work = {
    signal,
    ...(flags.offline ? { offline: true } : {}),
    onProgress: progress.update,
    onNotice: (notice: { message: string }) => {
      progress.clear()
      if (!terminal.quiet) terminal.err.write(`${notice.message}\n`)
    },
  }
  let filter: NegativeFilter | null = null
  try {
    filter = await openFilter(flags, workspace, work)
    const on = await openMining(
      {
        source,
        training: flags.training ?? null,
        ...(flags.split === undefined ? {} : { split: flags.split }),
        ...(flags.removeSelf ? { removeSelf: true } : {}),
        ...(flags.titles === undefined ? {} : { titles: flags.titles }),
        ...(flags.task === undefined ? {} : { task: flags.task }),
      },
      workspace,
      work,
    )
    const { card, made } = await mine(
      on,
      {
        rules,
        depth: Math.max(rules.to, flags.depth ?? (hasMargin(rules) ? LAST_RANK.margin : 0)),
        study,
        runFiles: flags.run ?? [],
        filter,
        shortlist: flags.shortlist ?? 3 * rules.negatives,
        estimate: flags.estimate ?? true,
      },
      output,
      workspace,
      work,
    )
    progress.clear()
    const { countLines } = await import('../train/mine/words.ts')
    if (flags.json) terminal.out.write(`${JSON.stringify(card)}\n`)
    else
      terminal.out.write(
        `${made ? flags.output : `${flags.output} is up to date`}\n${countLines(card)
          .map((line) => `  ${line}\n`)
          .join('')}`,
      )
  } finally {
    progress.clear()
    await filter?.close()
  }
}

function ruleFlags(flags: MineFlags) {
  const { negatives, sample, against, maxScore, positiveGrade, seed, relativeMargin, absoluteMargin } = flags
  const given = {
    negatives,
    sample,
    against,
    maxScore,
    positiveGrade,
    seed,
    relativeMargin,
    absoluteMargin,
    // A margin takes the first below it, down to the depth.
    to: flags.margin === false ? undefined : flags.depth,
    ...flags.range,
  }
  if (flags.margin === false && (relativeMargin !== undefined || absoluteMargin !== undefined))
    throw new FieldtrialError(
      'USAGE',
      `--no-margin and ${relativeMargin === undefined ? '--absolute-margin' : '--relative-margin'} contradict each other.`,
      { hint: 'Give one of them.' },
    )
  const margins =
    flags.margin === false
      ? { relativeMargin: null, absoluteMargin: null }
      : // An absolute margin alone means that no other is wanted.
        absoluteMargin !== undefined && relativeMargin === undefined
        ? { relativeMargin: null }
        : {}
  return { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), ...margins }
}

async function openFilter(
  flags: MineFlags,
  workspace: Workspace,
  work: LongWork & { readonly offline?: boolean },
): Promise<NegativeFilter | null> {
  const { crossEncoder, judgeUrl, judgeModel } = flags
  if (crossEncoder !== undefined && judgeUrl !== undefined)
    throw new FieldtrialError('USAGE', 'A cross-encoder and a language model cannot filter at once.', {
      hint: 'Mine with one of --cross-encoder and --judge-url.',
    })
  if (crossEncoder !== undefined) {
    const { openCrossEncoderFilter } = await import('../train/mine/cross-encoder-filter.ts')
    return openCrossEncoderFilter(
      crossEncoder,
      { margin: flags.filterMargin ?? 0.05, against: flags.against ?? 'mean' },
      workspace,
      work,
    )
  }
  if (judgeUrl === undefined) return null
  if (judgeModel === undefined)
    throw new FieldtrialError('USAGE', '--judge-url needs --judge-model.', {
      hint: 'Name the model that the server is to ask.',
    })
  const { llmFilter } = await import('../train/mine/llm-filter.ts')
  return llmFilter({
    url: judgeUrl,
    model: judgeModel,
    ...(flags.judgeKeyEnv === undefined ? {} : { apiKeyEnv: flags.judgeKeyEnv }),
    ...(flags.judgePrompt === undefined ? {} : { prompt: flags.judgePrompt }),
  })
}

async function requireMined(output: string, flags: MineFlags): Promise<void> {
  const { readMinedCard } = await import('../train/mine/card.ts')
  if ((flags.show === undefined && flags.page === undefined) || flags.retriever !== undefined)
    throw new FieldtrialError('USAGE', 'No collection is named.', {
      hint: 'fieldtrial mine COLLECTION --retriever bm25 --output FILE; or --show N to look at a file that was mined before.',
    })
  if ((await readMinedCard(output)) === null)
    throw new FieldtrialError('DATA_MISSING', `${flags.output} was not mined here: no card lies beside it.`, {
      hint: 'Name a file that `fieldtrial mine` wrote.',
    })
}

async function showMined(output: string, flags: MineFlags, terminal: Terminal): Promise<void> {
  if (flags.show === undefined && flags.page === undefined) return
  const { sampleMined } = await import('../train/mine/read-mined.ts')
  const queries = await sampleMined(output, flags.show ?? 50, flags.seed ?? 42)
  if (flags.show !== undefined) {
    const { minedText } = await import('./mine-text.ts')
    terminal.out.write(minedText(queries, terminal.outColors))
  }
  if (flags.page === undefined) return
  const { minedPage } = await import('../train/mine/page.ts')
  const { readMinedCard } = await import('../train/mine/card.ts')
  const { writeAtomic } = await import('../core/atomic.ts')
  await writeAtomic(resolve(flags.page), minedPage(basename(output), await readMinedCard(output), queries))
}

function range(value: string): { from: number; to: number } {
  const match = /^(\d+)-(\d+)$/.exec(value.trim())
  if (match === null) throw new InvalidArgumentError('It must be two ranks, for example 10-100.')
  return { from: Number(match[1]), to: Number(match[2]) }
}

function number(value: string): number {
  const parsed = Number(value)
  if (value.trim() === '' || !Number.isFinite(parsed)) throw new InvalidArgumentError('It must be a number.')
  return parsed
}

function count(value: string): number {
  const parsed = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(parsed) || parsed < 0)
    throw new InvalidArgumentError('It must be a whole number from 0.')
  return parsed
}
