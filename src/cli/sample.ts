import { basename, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { interruptible } from './interrupt.ts'
import { collect, openWorkspace, positiveInteger, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal } from './terminal.ts'

interface SampleFlags {
  output: string
  documents?: number
  share?: number
  queries?: number
  hard?: number
  model?: string[]
  recipe?: string
  run?: string[]
  split?: string
  keepSplit?: string[]
  seed?: number
  bias?: 'auto' | 'whole' | 'estimate' | 'none'
  workspace?: string
  json?: boolean
  quiet?: boolean
  offline?: boolean
}

export function registerSample(program: Command): void {
  program
    .command('sample')
    .summary('draw a smaller collection that keeps the order of retrievers')
    .description(
      'Writes a BEIR folder with all documents judged for the kept queries, the first results of BM25 (with three analyzers), models and runs as hard distractors, and random documents; and tells how much too high scores are on it, and whether the order of retrievers is kept. The folder says of itself that it is a sample.',
    )
    .argument('<collection>', 'a folder, .zip, hf:owner/name, or a name that `fieldtrial datasets` lists')
    .requiredOption('-o, --output <dir>', 'folder of the sample: empty, not there yet, or an earlier sample')
    .option('--documents <n>', 'documents in all (or give --share)', positiveInteger)
    .option('--share <share>', 'the same as a share of the whole, e.g. 0.25', share)
    .option('--queries <n>', 'queries kept of each split (default: all)', positiveInteger)
    .option(
      '--hard <depth>',
      'first documents of each retriever kept for every query, as far as there is room; 0 for none (default: 100)',
      count,
    )
    .option(
      '--model <folder or id>',
      'a dense retriever whose first documents are hard distractors too; encodes the whole collection; may be repeated',
      collect,
    )
    .option('--recipe <id>', 'recipe of the models (see `fieldtrial recipe list`)')
    .option('--run <file>', 'a TREC run over the whole collection that does the same; may be repeated', collect)
    .option('--split <name>', 'split of the judgments (default: test)')
    .option(
      '--keep-split <name>',
      'another split whose queries and judged documents are kept; may be repeated',
      collect,
    )
    .option('--seed <n>', 'of the choice of queries and random documents (default: 1)', count)
    .addOption(
      new Option(
        '--bias <mode>',
        'BM25 over the whole collection, an estimate from samples of two and four times the size, or none (default: auto, the whole up to a million documents)',
      ).choices(['auto', 'whole', 'estimate', 'none']),
    )
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the card of the sample as JSON')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial sample data/scifact --share 0.25 --output data/scifact-quarter\n  fieldtrial sample msmarco/dev --documents 20000 --queries 200 --output data/msmarco-small\n  fieldtrial sample data/my-docs --documents 5000 --model sentence-transformers/all-MiniLM-L6-v2 --run old.trec --keep-split train --output data/my-docs-small',
    )
    .action(async (given: string, flags: SampleFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const { makeSample } = await import('../study/sample/make.ts')
      const { localPath } = await import('../study/resolve-context.ts')
      const { nameOfPath } = await import('../data/open-folder.ts')
      const workspace = await openWorkspace(flags.workspace)
      const progress = new ProgressLine(terminal)
      const { split, offline, documents, queries, hard, seed, bias } = flags
      await interruptible(terminal, async (signal) => {
        const source = localPath(given, process.cwd()) ?? given
        const card = await makeSample(
          { source, name: nameOfPath(source), given, ...(split === undefined ? {} : { split }) },
          {
            ...(documents === undefined ? {} : { documents }),
            ...(flags.share === undefined ? {} : { share: flags.share }),
            ...(queries === undefined ? {} : { queries }),
            ...(hard === undefined ? {} : { hard }),
            ...(seed === undefined ? {} : { seed }),
            ...(bias === undefined ? {} : { bias }),
            splits: flags.keepSplit ?? [],
            models: await modelsOf(flags),
            runs: flags.run ?? [],
          },
          resolve(flags.output),
          workspace,
          {
            signal,
            ...(offline ? { offline } : {}),
            onProgress: progress.update,
            onNotice: (notice) => {
              progress.clear()
              if (!terminal.quiet) terminal.err.write(`${notice.message}\n`)
            },
          },
        )
        progress.clear()
        if (flags.json) terminal.out.write(`${JSON.stringify(card)}\n`)
        else {
          const { sampleText } = await import('./sample-text.ts')
          terminal.out.write(sampleText(card, flags.output))
        }
      })
    })
}

async function modelsOf({ model = [], recipe }: SampleFlags) {
  const { encoderSpec } = await import('./encoder-flags.ts')
  return Promise.all(
    model.map(async (name) => ({
      ...(await encoderSpec(name, recipe === undefined ? {} : { recipe })),
      id: basename(name),
    })),
  )
}

function share(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !(number > 0 && number < 1))
    throw new InvalidArgumentError('It must be a number above 0 and below 1.')
  return number
}

function count(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < 0)
    throw new InvalidArgumentError('It must be a whole number from 0.')
  return number
}
