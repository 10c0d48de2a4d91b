import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { fileSource } from '../../data/byte-source.ts'
import { arePositions } from '../../data/columns.ts'
import type { HubContext } from '../../data/hub/config.ts'
import { type FileCollection, openCollection, openTraining, type TrainingExample } from '../../data/index.ts'
import { snippet } from '../../data/record.ts'
import { findDataset } from '../../data/registry/index.ts'
import { readTable, tableFile, tableFormat } from '../../data/table.ts'
import { dropUndefined } from '../../study/drop-undefined.ts'
import type { DataFormat, DataSpec } from '../training.ts'
import { isPair, readPairs } from './pairs.ts'

/** A source of examples, opened; nothing of it is in memory. */
export type OpenedSource = {
  readonly spec: DataSpec
  /** For messages and tables. */
  readonly name: string
  readonly split: string | null
  /** Every file that the examples come from. */
  readonly files: readonly string[]
  /** Where it was fetched from, as `owner/name@commit`. */
  readonly repositories: readonly string[]
} & (
  | { readonly kind: 'examples'; examples(): AsyncIterable<TrainingExample> }
  | { readonly kind: 'collection'; readonly collection: FileCollection }
)

const DEFAULT_SPLIT = 'train'

/**
 * Opens a source of examples, fetching it from the hub if need be.
 *
 * @throws FieldtrialError `DATA_MISSING`, `DATA_INVALID`, `NETWORK`, `OFFLINE`.
 */
export async function openSource(spec: DataSpec, context: HubContext): Promise<OpenedSource> {
  const format = spec.format ?? (await formatOf(spec))
  const { source, split, subset, revision, titles } = spec
  if (format === 'collection') {
    const collection = await openCollection(
      { source, split: split ?? DEFAULT_SPLIT, ...dropUndefined({ subset, revision, titles }) },
      context,
    )
    const { repositories } = collection
    return {
      kind: 'collection',
      spec,
      name: spec.given,
      split: collection.split,
      files: collection.sourceFiles(),
      repositories,
      collection,
    }
  }
  if (spec.negatives !== 'none')
    throw new FieldtrialError('USAGE', `${spec.given} brings its own negatives; \`negatives\` is for collections.`, {
      hint: 'Remove `negatives`, or name the collection as the source.',
    })
  if (format === 'pairs') {
    const table = tableFile(fileSource(source))
    return {
      kind: 'examples',
      spec,
      name: spec.given,
      split: null,
      files: [source],
      repositories: [],
      examples: () => readPairs([table], spec.columns),
    }
  }
  const set = await openTraining({ source, ...dropUndefined({ split: split ?? undefined, revision }) }, context)
  const { files, repositories } = set
  return {
    kind: 'examples',
    spec,
    name: spec.given,
    split: set.split,
    files,
    repositories,
    examples: () => set.examples(),
  }
}

async function formatOf({ source, columns, given }: DataSpec): Promise<DataFormat> {
  if (/\.zip$/i.test(source)) return 'collection'
  if (!existsSync(source)) {
    if (source.startsWith('hf:')) return 'collection'
    return findDataset(source)?.kind === 'training' ? 'tevatron' : 'collection'
  }
  if (statSync(source).isDirectory()) {
    const parts = ['qrels', 'corpus.jsonl', 'corpus.jsonl.gz', 'qrels.tsv', 'test.tsv']
    return parts.some((part) => existsSync(join(source, part))) ? 'collection' : 'tevatron'
  }
  if (tableFormat(source) === undefined)
    throw new FieldtrialError('DATA_INVALID', `${given}: the name does not tell the format.`, {
      hint: 'Files of examples end in .jsonl, .tsv, .csv or .parquet, with or without .gz.',
      where: { file: source },
    })
  if (columns.query !== undefined && arePositions([columns.query])) return 'pairs'
  for await (const { rows } of readTable(tableFile(fileSource(source)))) {
    const [first] = rows
    if (first === undefined) continue
    if (first.positive_passages !== undefined) return 'tevatron'
    if (isPair(first, columns)) return 'pairs'
    const names = Object.keys(first)
    const semicolons = names.length === 1 && names[0]!.includes(';')
    throw new FieldtrialError(
      'DATA_INVALID',
      `${given} holds neither Tevatron’s examples nor pairs: its columns are ${names
        .slice(0, 12)
        .map((name) => snippet(name))
        .join(', ')}.`,
      {
        hint: semicolons
          ? 'Cells are separated by commas in .csv and by tabs in .tsv, not by semicolons: save the file so.'
          : 'Name the columns: `columns: { query: …, positive: …, negative: … }`; of a file without header their numbers, `columns: { query: 1, positive: 2 }`.',
        where: { file: source, line: 1 },
      },
    )
  }
  throw new FieldtrialError('DATA_INVALID', `${given} holds no examples.`, {
    where: { file: source },
    hint: 'Check the file.',
  })
}
