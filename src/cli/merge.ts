import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { MergeSpec } from '../fusion/weights/types.ts'
import { interruptible } from './interrupt.ts'
import { collect, openWorkspace, positiveInteger, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal, say } from './terminal.ts'

interface MergeFlags {
  output: string
  method?: MergeSpec['method']
  base?: string
  model?: string[]
  adapter?: string[]
  weight?: number[]
  density?: number
  t?: number
  lambda?: number
  dtype?: NonNullable<MergeSpec['dtype']>
  rank?: number
  seed?: number
  search?: boolean
  collection?: string
  split: string
  testSplit?: string
  measure: string
  budget: number
  minutes?: number
  recipe?: string
  engine?: 'onnx' | 'torch'
  device?: string
  maxLength?: number
  dryRun?: boolean
  workspace?: string
  offline?: boolean
  json?: boolean
  quiet?: boolean
}

export function registerMerge(program: Command): void {
  program
    .command('merge')
    .summary('merge models of one ancestor into one')
    .description(
      'Merges the weights of models that were trained from one ancestor: linear, slerp, task_arithmetic, ties, dare_linear, dare_ties, or layers as they are (passthrough); LoRA adapters too. Streams tensor by tensor, so that memory stays below a gigabyte. With --search, weights are chosen on one split of a collection and reported on another. See docs/merging.md.',
    )
    .argument('[file]', 'a YAML file that describes the merge, in place of the flags for it')
    .requiredOption('-o, --output <dir>', 'folder of the merged model: empty, or not there yet')
    .addOption(
      new Option('--method <name>', 'how models become one').choices([
        'linear',
        'slerp',
        'task_arithmetic',
        'ties',
        'dare_linear',
        'dare_ties',
        'passthrough',
      ]),
    )
    .option('--base <folder or id>', 'the common ancestor, for methods of differences')
    .option('--model <folder or id>', 'a model to merge; to be repeated', collect)
    .option(
      '--adapter <folder or id>',
      'LoRA weights to merge; to be repeated; --model then names their one base',
      collect,
    )
    .option(
      '--weight <number>',
      'weight of a model or adapter, in their order; to be repeated (default: 1 each)',
      numbers,
    )
    .option('--density <share>', 'share of the differences that ties and dare keep (default: 1)', number)
    .option('--t <number>', 'place between the first and second model, for slerp (default: 0.5)', number)
    .option('--lambda <number>', 'factor of the merged differences (default: 1)', number)
    .addOption(
      new Option('--dtype <type>', "of the result (default: the first model's)").choices([
        'float32',
        'bfloat16',
        'float16',
      ]),
    )
    .option('--rank <n>', 'rank of a merged adapter (default: the sum of the ranks, which is exact)', positiveInteger)
    .option('--seed <n>', 'of what dare drops (default: 1)', positiveInteger)
    .option('--search', 'choose weights (t; lambda and density too) by trying merges on a collection')
    .option('--collection <source>', 'for --search: a folder, .zip, known name or hf:owner/name')
    .option('--split <name>', 'for --search: the split on which weights are chosen', 'dev')
    .option('--test-split <name>', 'for --search: another split on which the choice is reported')
    .option('-m, --measure <name>', 'for --search: what is to be high', 'nDCG@10')
    .option('--budget <n>', 'for --search: merges tried at most', positiveInteger, 16)
    .option('--minutes <n>', 'for --search: time after which no further one is begun', number)
    .option('--recipe <id>', 'for --search: how the model becomes a retriever (see `fieldtrial recipe list`)')
    .addOption(
      new Option('--engine <name>', 'for --search: what runs the model (default: onnx)').choices(['onnx', 'torch']),
    )
    .option('--device <name>', 'for --search: what computes')
    .option('--max-length <n>', 'for --search: tokens kept of a text', positiveInteger)
    .option('--dry-run', 'check the models and say what would be written')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print the report as JSON')
    .option('-q, --quiet', 'no progress and no notices')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial merge --method slerp --model qwen2.5-coder-0.5b --model qwen2.5-0.5b-instruct --t 0.4 -o models/slerp\n  fieldtrial merge soup.yaml -o models/soup\n  fieldtrial merge --method linear --model BASE --adapter run-1 --adapter run-2 -o adapters/mean\n  fieldtrial merge soup.yaml --search --collection data/my-docs --split dev --test-split test -o models/soup',
    )
    .action(async (file: string | undefined, flags: MergeFlags) => {
      const terminal = createTerminal({ quiet: flags.quiet ?? false })
      const { mergeFolders } = await import('../study/merge/obtain.ts')
      const { prepareMerge } = await import('../fusion/weights/index.ts')
      const { emptyFolder } = await import('../study/merge/folder.ts')
      const asked = await specOf(file, flags)
      const output = resolve(flags.output)
      const workspace = await openWorkspace(flags.workspace)
      const progress = new ProgressLine(terminal)
      await interruptible(terminal, async (signal) => {
        const context = {
          signal,
          ...(flags.offline ? { offline: true } : {}),
          onProgress: progress.update,
          onNotice: (notice: { message: string }) => {
            progress.clear()
            say(terminal, notice.message)
          },
        }
        if (!flags.dryRun) await emptyFolder(output)
        const search = flags.search ? await searched(asked, flags, workspace, context, terminal, progress) : null
        const prepared = await prepareMerge(search?.spec ?? asked, mergeFolders(workspace, context))
        for (const warning of prepared.warnings) say(terminal, `warning: ${warning}`)
        const { mergeText, plannedText } = await import('./merge-text.ts')
        if (flags.dryRun) {
          const { tensors, parameters, bytes, output: kind, warnings } = prepared
          const plan = { output: kind, tensors, parameters, bytes, warnings }
          terminal.out.write(flags.json ? `${JSON.stringify(plan)}\n` : plannedText(prepared))
          return
        }
        const { writeMerge } = await import('../study/merge/folder.ts')
        const report = await writeMerge(prepared, output, search, context)
        progress.clear()
        const { test = null, tried = [], best = null } = search ?? {}
        terminal.out.write(
          flags.json
            ? `${JSON.stringify(search ? { ...report, search: { best, tried, test } } : report)}\n`
            : mergeText(report, flags.output, search),
        )
      })
    })
}

async function searched(
  spec: MergeSpec,
  flags: MergeFlags,
  workspace: Awaited<ReturnType<typeof openWorkspace>>,
  context: Parameters<typeof import('../study/merge/search.ts').searchMerge>[3],
  terminal: ReturnType<typeof createTerminal>,
  progress: ProgressLine,
) {
  if (flags.collection === undefined)
    throw new FieldtrialError('USAGE', '--search needs a --collection.', {
      hint: 'Name one with a split for the choice (--split, default dev) and another for the report (--test-split).',
    })
  const { searchMerge } = await import('../study/merge/search.ts')
  const { pointText } = await import('./merge-text.ts')
  const { recipe, engine, device, maxLength } = flags
  return searchMerge(
    spec,
    {
      collection: flags.collection,
      split: flags.split,
      testSplit: flags.testSplit ?? null,
      measure: flags.measure,
      budget: flags.budget,
      seconds: flags.minutes === undefined ? null : flags.minutes * 60,
      model: {
        ...(recipe === undefined ? {} : { recipes: [{ recipe: recipe as never }] }),
        ...(engine === undefined ? {} : { engine }),
        ...(device === undefined ? {} : { device }),
        ...(maxLength === undefined ? {} : { maxLength }),
      },
      onPoint: (tried, nth) => {
        progress.clear()
        say(terminal, `${nth}/${flags.budget}  ${pointText(tried.point)}  ${flags.measure} ${tried.value.toFixed(4)}`)
      },
    },
    workspace,
    context,
  )
}

async function specOf(file: string | undefined, flags: MergeFlags): Promise<MergeSpec> {
  const { resolveMerge } = await import('../study/merge/resolve.ts')
  const described = (
    ['method', 'base', 'model', 'adapter', 'weight', 'density', 't', 'lambda', 'rank', 'seed'] as const
  ).filter((name) => flags[name] !== undefined)
  if (file !== undefined) {
    if (described.length > 0)
      throw new FieldtrialError('USAGE', `--${described[0]} describes a merge that ${file} describes already.`, {
        hint: 'Use either the file or the flags.',
      })
    const { readMerge } = await import('../study/merge/parse.ts')
    const spec = await readMerge(file)
    return flags.dtype === undefined ? spec : { ...spec, dtype: flags.dtype }
  }
  if (flags.method === undefined || flags.model === undefined)
    throw new FieldtrialError('USAGE', 'There is nothing to merge.', {
      hint: 'Name a file, or give --method and --model.',
    })
  const { adapter: adapters, model: models, weight = [], density } = flags
  if (adapters !== undefined && models.length !== 1)
    throw new FieldtrialError('USAGE', `Adapters are for one model; ${models.length} are named.`, {
      hint: 'Give --model once beside --adapter, or describe the merge in a file.',
    })
  const sources = adapters?.map((adapter) => ({ model: models[0]!, adapter })) ?? models.map((model) => ({ model }))
  if (weight.length > 0 && weight.length !== sources.length)
    throw new FieldtrialError('USAGE', `${weight.length} weights for ${sources.length} models.`, {
      hint: 'Give --weight once per model or adapter.',
    })
  const { base, method, t, lambda, dtype, rank, seed } = flags
  const given = { base, t, lambda, dtype, rank, seed }
  return resolveMerge(
    {
      method,
      ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<MergeSpec>),
      models: sources.map((source, i) => ({
        ...source,
        ...(weight[i] === undefined ? {} : { weight: weight[i] }),
        ...(density === undefined ? {} : { density }),
      })),
    },
    { folder: process.cwd() },
  )
}

function number(value: string): number {
  const parsed = Number(value)
  if (value.trim() === '' || !Number.isFinite(parsed)) throw new InvalidArgumentError('It must be a number.')
  return parsed
}

function numbers(value: string, before: number[] | undefined): number[] {
  return [...(before ?? []), number(value)]
}
