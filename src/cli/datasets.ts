import type { Command } from 'commander'
import { formatCount } from './format.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

export function registerDatasets(program: Command): void {
  const datasets = program
    .command('datasets')
    .summary('list known collections, or look at one')
    .description(
      'Lists the collections that have a name here. Any folder, .zip or hub data set in BEIR or CoIR layout works as well. Counts and hub names are those commonly given, not checked against the hub; `datasets show` counts for itself.',
    )
    .argument('[filter]', 'only those whose name holds this text')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial datasets coir\n  fieldtrial datasets show data/scifact\n  fieldtrial datasets show beir/scifact --json',
    )
    .action(async (filter: string | undefined, flags: { json?: boolean }) => {
      const terminal = createTerminal()
      const { listDatasets } = await import('../data/index.ts')
      const found = listDatasets().filter(({ id }) => filter === undefined || id.includes(filter.toLowerCase()))
      if (flags.json) terminal.out.write(`${JSON.stringify(found)}\n`)
      else
        terminal.out.write(
          alignTable([
            ['name', 'documents', 'queries', 'split', 'measure', 'hub'],
            ...found.map((d) => [
              d.id,
              count(d.documents),
              count(d.queries),
              d.split,
              d.measures.join(', '),
              d.hub?.repo ?? 'not given away',
            ]),
          ]),
        )
    })
  datasets
    .command('show')
    .summary('look at one collection')
    .description('Reads a collection and tells its counts, its identity and what is odd about it.')
    .argument('<source>', 'a folder, .zip, hf:owner/name, or a name that `fieldtrial datasets` lists')
    .option('--split <name>', 'split of the judgments')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .action(async (source: string, _flags: unknown, command: Command) => {
      // `--json` is a flag of the parent too, which would take it; both are looked at.
      const flags = command.optsWithGlobals<{ split?: string; workspace?: string; offline?: boolean; json?: boolean }>()
      const terminal = createTerminal()
      const { openCollection, summariseCached } = await import('../data/index.ts')
      const workspace = await openWorkspace(flags.workspace)
      const progress = new ProgressLine(terminal)
      await interruptible(terminal, async (signal) => {
        const collection = await openCollection(
          { source, ...(flags.split ? { split: flags.split } : {}) },
          {
            cacheDir: workspace.cache,
            ...(flags.offline ? { offline: true } : {}),
            onNotice: (n) => terminal.err.write(`${n.message}\n`),
          },
        )
        const summary = await summariseCached(collection, workspace.cache, { signal, onProgress: progress.update })
        progress.clear()
        const { name, split, removeSelf } = collection
        if (flags.json)
          terminal.out.write(`${JSON.stringify({ name, source: collection.source, split, removeSelf, ...summary })}\n`)
        else {
          terminal.out.write(
            alignTable([
              ['collection', `${name} (${split})`],
              ['documents', String(summary.documents)],
              ['queries', String(summary.queries)],
              ['judgments', String(summary.judgments)],
              [
                'mean characters of a document',
                (summary.documentCharacters / Math.max(1, summary.documents)).toFixed(0),
              ],
              ["query's own document", removeSelf ? 'dropped from its ranking' : 'kept'],
              ['corpus hash', summary.corpusHash],
              ['queries hash', summary.queriesHash],
              ['qrels hash', summary.qrelsHash],
            ]),
          )
          for (const f of summary.findings)
            terminal.out.write(
              `${f.level === 'warning' ? terminal.outColors.yellow('warning') : 'note'}: ${f.message}${f.examples.length > 0 ? ` (${f.examples.slice(0, 3).join(', ')})` : ''}\n`,
            )
        }
      })
    })
}

const count = (n: number | null | undefined) => (n === null || n === undefined ? '-' : formatCount(n))
