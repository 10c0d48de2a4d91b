import type { Command } from 'commander'
import type { CollectionSummary, FileCollection } from '../data/index.ts'
import type { DatasetFilter } from '../data/registry/filter.ts'
import type { DatasetInfo } from '../data/registry/types.ts'
import { datasetRows } from './dataset-rows.ts'
import { registerDatasetsVerify } from './datasets-verify.ts'
import { formatBytes, formatCount } from './format.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { alignTable } from './table.ts'
import { createTerminal, say, type Terminal } from './terminal.ts'

interface ShowFlags {
  readonly split?: string
  readonly workspace?: string
  readonly offline?: boolean
  readonly json?: boolean
}

export function registerDatasets(program: Command): void {
  const datasets = program
    .command('datasets')
    .summary('list known collections, look at one, or verify one')
    .description(
      'Lists the collections that have a name here, and groups of them. Any folder, .zip or hub data set in BEIR, MTEB, CoIR or M-BEIR layout works as well. Never uses the network.',
    )
    .argument('[filter]', 'only those whose name or title holds this text, or matches this pattern (`coir/*-go`)')
    .option('--family <name>', 'beir, msmarco, coir, image, vidore, mbeir or mmeb')
    .option('--modality <name>', 'of documents or queries: text, code or image')
    .option('--language <code>', 'natural (en, fr) or programming language (python)')
    .option('--group <name>', 'only the members of this group, e.g. beir-13')
    .option('--size <n>', 'at most so many documents: 5000, 100k, 1M')
    .option('--available', 'only those that a study can open')
    .option('--groups', 'list the groups instead')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial datasets coir\n  fieldtrial datasets --family beir --size 100k --available\n  fieldtrial datasets --groups\n  fieldtrial datasets show beir/scifact\n  fieldtrial datasets show data/scifact --json\n  fieldtrial datasets verify beir/scifact',
    )
    .action(async (name: string | undefined, flags: DatasetFilter & { groups?: boolean; json?: boolean }) => {
      const terminal = createTerminal()
      if (flags.groups) return listGroups(terminal, flags.json ?? false)
      const { filterDatasets } = await import('../data/registry/filter.ts')
      const found = filterDatasets({ ...flags, ...(name === undefined ? {} : { name }) })
      terminal.out.write(flags.json ? `${JSON.stringify(found)}\n` : alignTable(listRows(found)))
    })
  datasets
    .command('show')
    .summary('look at one collection')
    .description(
      'Tells all that the registry knows of a collection, and which of it is unverified; then, if its files are on this machine, its counts, its identity and what is odd about it. Any other source is fetched if it is not here.',
    )
    .argument('<source>', 'a folder, .zip, hf:owner/name, or a name that `fieldtrial datasets` lists')
    .option('--split <name>', 'split of the judgments')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .action(async (source: string, _flags: unknown, command: Command) => {
      // `--json` is a flag of the parent too, which would take it; both are looked at.
      const flags = command.optsWithGlobals<ShowFlags>()
      const terminal = createTerminal()
      const { existsSync } = await import('node:fs')
      const { findDataset } = await import('../data/index.ts')
      const known = existsSync(source) ? undefined : findDataset(source)
      if (known) await showKnown(known, flags, terminal)
      else await showFiles(source, flags, terminal)
    })
  registerDatasetsVerify(datasets)
}

function listRows(datasets: readonly DatasetInfo[]): string[][] {
  return [
    ['name', 'documents', 'queries', 'split', 'modality', 'measures', 'size', 'hub'],
    ...datasets.map((d) => [
      d.id,
      count(d.documents),
      count(d.queries),
      d.split,
      d.queryModality === d.modality ? d.modality : `${d.queryModality} to ${d.modality}`,
      d.measures.join(', ') || '-',
      d.bytes === null ? '-' : formatBytes(d.bytes),
      d.hub?.repo ?? 'cannot be fetched',
    ]),
  ]
}

async function listGroups(terminal: Terminal, json: boolean): Promise<void> {
  const { DATASET_GROUPS, whyNotOpened } = await import('../data/index.ts')
  const groups = DATASET_GROUPS.map(({ name, title, members }) => ({
    name,
    title,
    members: members.map(({ id }) => id),
    unavailable: members.flatMap((member) => (whyNotOpened(member) === undefined ? [] : [member.id])),
  }))
  terminal.out.write(
    json
      ? `${JSON.stringify(groups)}\n`
      : alignTable([
          ['group', 'collections', 'cannot be opened', 'what it is'],
          ...groups.map((g) => [g.name, String(g.members.length), String(g.unavailable.length), g.title]),
        ]),
  )
}

async function showKnown(dataset: DatasetInfo, flags: ShowFlags, terminal: Terminal): Promise<void> {
  const { DATASET_GROUPS } = await import('../data/index.ts')
  const { taskInstruction } = await import('../recipes/index.ts')
  const groups = DATASET_GROUPS.flatMap(({ name, members }) => (members.includes(dataset) ? [name] : []))
  const instruction = taskInstruction(dataset.id)?.instruction ?? null
  const { files, why } = await atHand(dataset, flags, terminal)
  if (flags.json) {
    terminal.out.write(
      `${JSON.stringify({ ...dataset, instruction, groups, files: files ? filesJson(files) : null })}\n`,
    )
    return
  }
  terminal.out.write(`${alignTable(datasetRows(dataset, instruction, groups))}\n`)
  if (files) writeFiles(files, terminal)
  else terminal.out.write(`${why}\n`)
}

interface Files {
  readonly collection: FileCollection
  readonly summary: CollectionSummary
}

/** What the files of a named data set hold, or why that cannot be told. Nothing is fetched. */
async function atHand(
  dataset: DatasetInfo,
  flags: ShowFlags,
  terminal: Terminal,
): Promise<{ files?: Files; why?: string }> {
  const { FieldtrialError } = await import('../core/errors.ts')
  const { whyNotOpened } = await import('../data/index.ts')
  if (whyNotOpened(dataset) !== undefined) return { why: 'No study can open it.' }
  try {
    return { files: await readFiles(dataset.id, { ...flags, offline: true }, terminal) }
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code === 'CANCELLED') throw error
    if (error.code === 'OFFLINE')
      return {
        why: 'Its files are not on this machine; a study that names it fetches them, or `datasets verify` does.',
      }
    return { why: [error.message, error.hint].filter(Boolean).join(' ') }
  }
}

async function showFiles(source: string, flags: ShowFlags, terminal: Terminal): Promise<void> {
  const files = await readFiles(source, flags, terminal)
  if (flags.json) terminal.out.write(`${JSON.stringify(filesJson(files))}\n`)
  else writeFiles(files, terminal)
}

async function readFiles(source: string, flags: ShowFlags, terminal: Terminal): Promise<Files> {
  const { openCollection, summariseCached } = await import('../data/index.ts')
  const workspace = await openWorkspace(flags.workspace)
  const progress = new ProgressLine(terminal)
  try {
    return await interruptible(terminal, async (signal) => {
      const collection = await openCollection(
        { source, ...(flags.split ? { split: flags.split } : {}) },
        {
          cacheDir: workspace.cache,
          ...(flags.offline ? { offline: true } : {}),
          onNotice: (n) => say(terminal, n.message),
        },
      )
      return {
        collection,
        summary: await summariseCached(collection, workspace.cache, { signal, onProgress: progress.update }),
      }
    })
  } finally {
    progress.clear()
  }
}

function filesJson({ collection, summary }: Files) {
  const { name, source, split, splits, removeSelf, repositories } = collection
  return { name, source, split, splits, removeSelf, repositories, ...summary }
}

function writeFiles({ collection, summary }: Files, terminal: Terminal): void {
  const { documents, queries } = summary.modalities
  terminal.out.write(
    alignTable([
      ['collection', `${collection.name} (${collection.split})`],
      ['splits', collection.splits.join(', ')],
      ...collection.repositories.map((repository) => ['fetched from', repository]),
      ['documents', `${summary.documents}${modalitiesText(documents)}`],
      ['queries', `${summary.queries}${modalitiesText(queries)}`],
      ['judgments', String(summary.judgments)],
      ['mean characters of a document', (summary.documentCharacters / Math.max(1, summary.documents)).toFixed(0)],
      ["query's own document", collection.removeSelf ? 'dropped from its ranking' : 'kept'],
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

/** Said only where there are images. */
function modalitiesText({ text, image, both }: { text: number; image: number; both: number }): string {
  if (image + both === 0) return ''
  const parts = [
    ...(image > 0 ? [`${image} images`] : []),
    ...(both > 0 ? [`${both} images with text`] : []),
    ...(text > 0 ? [`${text} texts`] : []),
  ]
  return ` (${parts.join(', ')})`
}

const count = (n: number | null) => (n === null ? '-' : formatCount(n))
