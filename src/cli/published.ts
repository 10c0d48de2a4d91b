import type { Command } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { PublishedFigure } from '../data/published/index.ts'
import { collect } from './options.ts'
import { alignTable } from './table.ts'
import { createTerminal } from './terminal.ts'

interface PublishedFlags {
  system?: string
  measure?: string
  mteb?: string[]
  json?: boolean
}

export function registerPublished(program: Command): void {
  program
    .command('published')
    .summary('list published figures, with their sources')
    .description(
      'Lists figures that others have published on known collections, and how they were measured. A report puts them beside its own results and says of each whether it can be compared.',
    )
    .argument('[collection]', 'a name that `fieldtrial datasets` lists, or a pattern such as beir/*')
    .option('--system <text>', 'only systems whose name holds this text')
    .option('-m, --measure <name>', 'only this measure, e.g. nDCG@10')
    .option(
      '--mteb <path>',
      'instead, the figures in a result file of MTEB, or in a folder laid out as MODEL/REVISION/TASK.json; may be repeated',
      collect,
    )
    .option('--json', 'print as JSON, with sources and protocols')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial published beir/scifact\n  fieldtrial published "coir/*" --system BM25\n  fieldtrial published beir/nfcorpus --mteb results/org__model --json',
    )
    .action(async (collection: string | undefined, flags: PublishedFlags) => {
      const terminal = createTerminal()
      const figures = await choose(collection, flags)
      if (flags.json) terminal.out.write(`${JSON.stringify(figures, null, 1)}\n`)
      else terminal.out.write(listing(figures))
    })
}

async function choose(collection: string | undefined, flags: PublishedFlags): Promise<PublishedFigure[]> {
  const { collectionsOf, listPublished, publishedOn, sameMeasure } = await import('../data/published/index.ts')
  const { readMtebResults } = await import('../data/mteb/index.ts')
  const { parseMeasure } = await import('../measure/index.ts')
  const all = flags.mteb ? await readMtebResults(flags.mteb) : listPublished()
  const ids = collection === undefined ? undefined : await collectionIds(collection)
  // A figure filed under another id of the same collection is one of it; a mean belongs to each that it is made of.
  const alike = new Set(ids?.flatMap((id) => publishedOn(id).map((figure) => figure.collection)))
  const measure = flags.measure === undefined ? undefined : parseMeasure(flags.measure).name
  const system = flags.system?.toLowerCase()
  const found = all.filter(
    (figure) =>
      (ids === undefined ||
        alike.has(figure.collection) ||
        collectionsOf(figure.collection).some((id) => ids.includes(id))) &&
      (measure === undefined || sameMeasure(figure.measure, measure)) &&
      (system === undefined || figure.system.toLowerCase().includes(system)),
  )
  if (found.length === 0)
    throw new FieldtrialError('USAGE', 'There is no such published figure here.', {
      hint: 'Leave out --system or --measure, or the collection, to see what there is.',
    })
  return found
}

async function collectionIds(given: string): Promise<string[]> {
  const { datasetHint, expandGroup, findDataset } = await import('../data/registry/index.ts')
  const one = findDataset(given)
  if (one !== undefined) return [one.id]
  const group = expandGroup(given)
  if (group === undefined)
    throw new FieldtrialError('USAGE', `There is no known collection ${JSON.stringify(given)}.`, {
      hint: datasetHint(given) ?? '`fieldtrial datasets` lists the known names.',
    })
  return [...group.members.map(({ id }) => id), ...group.left.map(({ dataset }) => dataset.id)]
}

function listing(figures: readonly PublishedFigure[]): string {
  const sources = [...new Map(figures.map(({ source }) => [source.url, source])).values()]
  const number = (figure: PublishedFigure) => sources.findIndex(({ url }) => url === figure.source.url) + 1
  const rows = figures.map((figure) => [
    figure.collection,
    figure.split,
    figure.system,
    figure.measure,
    figure.value.toFixed(Math.min(figure.decimals, 4)),
    TITLES[figure.protocol.titles],
    figure.protocol.prompts,
    figure.protocol.corpus,
    `[${number(figure)}]`,
    details(figure),
  ])
  const head = ['collection', 'split', 'system', 'measure', 'value', 'text', 'prompts', 'corpus', 'source', '']
  const notes = new Map(figures.flatMap((f) => (f.note === undefined ? [] : [[`${number(f)} ${f.note}`, f] as const])))
  return [
    alignTable([head, ...rows]),
    '\n',
    ...sources.flatMap(({ title, url }, i) => [
      `[${i + 1}] ${title}\n    ${url}\n`,
      ...[...notes.values()].filter((f) => number(f) === i + 1).map((f) => `    ${f.note}\n`),
    ]),
  ].join('')
}

function details({ protocol: { bm25, maxLength }, verified }: PublishedFigure): string {
  return [
    ...(verified ? [] : ['unverified']),
    ...(bm25 ? [`k1=${bm25.k1} b=${bm25.b} ${bm25.analyzer}${bm25.multifield ? ' multifield' : ''}`] : []),
    ...(maxLength ? [`cut at ${maxLength.query}/${maxLength.document} tokens`] : []),
  ].join(', ')
}

const TITLES = { keep: 'title+text', omit: 'text', unknown: 'unknown' } as const
