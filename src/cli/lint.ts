import { type Command, InvalidArgumentError } from 'commander'
import { interruptible } from './interrupt.ts'
import { collect, openWorkspace, positiveInteger, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal } from './terminal.ts'

interface LintFlags {
  split?: string
  model?: string[]
  recipe?: string
  run?: string[]
  measure?: string[]
  threshold?: number
  shingle?: number
  sample?: number
  bm25?: boolean
  strict?: boolean
  json?: boolean
  workspace?: string
  offline?: boolean
}

/** As for data that is broken: scripts may tell it from a usage error. */
const STRICT_EXIT = 3
const MEASURES = ['nDCG@10', 'MRR@10', 'R@10', 'R@100', 'AP']

export function registerLint(program: Command): void {
  program
    .command('lint')
    .summary('look for what makes the numbers of a collection wrong')
    .description(
      'Looks through documents, queries and judgments: duplicates and near-duplicates, the ceiling that identical documents put on each measure, judged documents that are absent, queries without relevant documents, queries that stand in other splits too, documents that are queries, empty documents, lengths in words and in the tokens of models, languages, code, and documents that several retrievers find and nobody judged.',
    )
    .argument('<collection>', 'a folder, .zip, hf:owner/name, or a name that `fieldtrial datasets` lists')
    .option('--split <name>', 'split of the judgments')
    .option('--model <folder or id>', 'count tokens of this model, and what it cuts; may be repeated', collect)
    .option('--recipe <id>', 'recipe of the models (see `fieldtrial recipe list`)')
    .option(
      '--run <file>',
      'a TREC run, or the results folder of a study, whose first documents are looked at for missing judgments; may be repeated',
      collect,
    )
    .option('--bm25', 'ask BM25 with two analyzers for missing judgments (default: up to 200,000 documents)')
    .option('--no-bm25', 'do not')
    .option(
      '-m, --measure <name>',
      `measures whose ceiling is told (default: ${MEASURES.join(', ')}); may be repeated`,
      collect,
    )
    .option('--threshold <share>', 'Jaccard from which on texts are near-duplicates, 0.5 to 1 (default: 0.8)', decimal)
    .option('--shingle <words>', 'words of a shingle (default: 5)', positiveInteger)
    .option(
      '--sample <n>',
      'documents and queries whose language is told and whose tokens are counted (default: 2,000)',
      positiveInteger,
    )
    .option('--strict', `exit code ${STRICT_EXIT} if there is a warning`)
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial lint data/scifact\n  fieldtrial lint data/my-docs --model sentence-transformers/all-MiniLM-L6-v2 --strict\n  fieldtrial lint data/my-docs --run results/study --json',
    )
    .action(async (source: string, flags: LintFlags) => {
      const terminal = createTerminal()
      const { collectionState, openCollection, summariseCached } = await import('../data/index.ts')
      const { withHints } = await import('../data/lint/index.ts')
      const { parseMeasures } = await import('../measure/index.ts')
      const { lintCollectionWhole } = await import('../study/lint/collection-lint.ts')
      const { taskOf } = await import('../study/task.ts')
      const measures = parseMeasures(flags.measure ?? MEASURES)
      const workspace = await openWorkspace(flags.workspace)
      const progress = new ProgressLine(terminal)
      await interruptible(terminal, async (signal) => {
        const work = {
          signal,
          onProgress: progress.update,
          onNotice: (notice: { readonly message: string }) => {
            progress.clear()
            terminal.err.write(`${notice.message}\n`)
          },
        }
        const spec = { source, ...(flags.split === undefined ? {} : { split: flags.split }) }
        const offline = flags.offline ? { offline: true } : {}
        const collection = await openCollection(spec, { cacheDir: workspace.cache, ...offline, ...work })
        const state = await collectionState(collection)
        const summary = await summariseCached(collection, workspace.cache, work)
        const { threshold, shingle, sample, bm25 } = flags
        const report = await lintCollectionWhole(
          spec,
          { given: source, collection, summary, state },
          {
            measures,
            encoders: await encodersOf(flags, workspace),
            task: taskOf({ ...spec, name: collection.name, given: source }).instruction,
            runs: flags.run ?? [],
            ...(threshold === undefined ? {} : { threshold }),
            ...(shingle === undefined ? {} : { shingle }),
            ...(sample === undefined ? {} : { sample }),
            ...(bm25 === undefined ? {} : { bm25 }),
            ...offline,
          },
          workspace,
          work,
        )
        progress.clear()
        const findings = withHints([...summary.findings, ...report.findings])
        const { name, split, removeSelf } = collection
        const counts = { documents: summary.documents, queries: summary.queries, judgments: summary.judgments }
        if (flags.json) {
          const { findings: _, ...figures } = report
          terminal.out.write(
            `${JSON.stringify({ name, source, split, removeSelf, ...counts, findings, ...figures })}\n`,
          )
        } else {
          const { lintText } = await import('./lint-text.ts')
          terminal.out.write(
            `${terminal.outColors.bold(name)} (${split}): ${counts.documents} documents, ${counts.queries} queries, ${counts.judgments} judgments\n\n`,
          )
          terminal.out.write(lintText(findings, report, terminal.outColors))
        }
        if (flags.strict && findings.some(({ level }) => level === 'warning')) process.exitCode = STRICT_EXIT
      })
    })
}

async function encodersOf(flags: LintFlags, workspace: import('../core/workspace.ts').Workspace) {
  const models = flags.model ?? []
  if (models.length === 0) return []
  const { encoderSpec } = await import('./encoder-flags.ts')
  const { prepareEncoder } = await import('../study/prepare.ts')
  return Promise.all(
    models.map(async (model) => ({
      id: model,
      prepared: await prepareEncoder(
        await encoderSpec(model, flags.recipe === undefined ? {} : { recipe: flags.recipe }),
        workspace,
        flags.offline ? { offline: true } : {},
      ),
    })),
  )
}

function decimal(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('It must be a number.')
  return number
}
