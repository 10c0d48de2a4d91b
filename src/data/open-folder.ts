import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import type { Json } from '../core/fingerprint.ts'
import { asReadError } from '../core/read-error.ts'
import { didYouMean } from '../core/suggest.ts'
import { type ByteSource, fileSource } from './byte-source.ts'
import { type FileCollection, fileCollection } from './collection.ts'
import { columnNames } from './columns.ts'
import { type FindPicture, isPicture } from './image.ts'
import { findLayout } from './layout.ts'
import { type FoundCard, readSampleCard } from './sample-card.ts'
import type { CollectionContext, CollectionSpec } from './spec.ts'
import { tableFile } from './table.ts'
import { readDocuments, readJudgments, readQueries } from './table-reader.ts'
import { zipEntries } from './zip.ts'

const DEFAULT_SPLIT = 'test'
/** Names that different publishers give to the same split. */
const DEVELOPMENT: readonly string[] = ['dev', 'validation', 'valid', 'val']
/** As deep as any known layout goes (`data/default/test/0000.parquet`), with an archive's top folder and one to spare. */
const MAX_DEPTH = 6
const MAX_FILES = 100_000

/** What is known about a collection before its files are looked at. */
export interface Identity {
  readonly name: string
  readonly source: string
  readonly removeSelf: boolean
  readonly repositories?: readonly string[]
  /** Its card, if it is a sample. */
  readonly sample?: FoundCard
}

/** Opens a folder in BEIR's layout or one of its relatives (see `findLayout`). */
export async function openFolder(
  folder: string,
  spec: CollectionSpec,
  identity: Identity,
  context: CollectionContext,
): Promise<FileCollection> {
  const paths = await listFiles(folder)
  const files = new Map(paths.map((path) => [path, fileSource(join(folder, path))]))
  return openFiles(files, spec, await sampleOr(files, spec, identity), context, folder)
}

/** Opens a zip archive of such a folder, with or without a folder around everything. */
export async function openZip(
  path: string,
  spec: CollectionSpec,
  identity: Identity,
  context: CollectionContext,
): Promise<FileCollection> {
  const files = await zipEntries(path)
  return openFiles(files, spec, await sampleOr(files, spec, identity), context)
}

/** A folder that holds a sample follows the rules of the collection that it was drawn from, unless the user says otherwise. */
export async function sampleOr(
  files: ReadonlyMap<string, ByteSource>,
  spec: CollectionSpec,
  identity: Identity,
): Promise<Identity> {
  const sample = await readSampleCard(files)
  if (sample === null) return identity
  return { ...identity, sample, removeSelf: spec.removeSelf ?? sample.card.source.removeSelf }
}

/**
 * Opens a collection out of named files.
 *
 * @param folder Where pictures lie that are not among the files; undefined where nothing else can be read.
 * @throws FieldtrialError `DATA_MISSING` when corpus, queries, qrels or the split are not among them.
 */
export function openFiles(
  files: ReadonlyMap<string, ByteSource>,
  spec: CollectionSpec,
  identity: Identity,
  context: CollectionContext,
  folder?: string,
): FileCollection {
  const layout = findLayout([...files.keys()], spec.subset, identity.source)
  const require = (paths: readonly string[], what: string, name: string) => {
    if (paths.length > 0) return paths.map((path) => tableFile(files.get(path)!))
    throw new FieldtrialError('DATA_MISSING', `${identity.source} holds no ${what}.`, {
      hint: `A BEIR folder has corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv (plain or .gz); ${name} was not found. Other layouts need \`files\` in the study file.`,
      where: { file: identity.source },
    })
  }
  const documents = require(layout.documents, 'corpus', 'corpus.jsonl')
  const queries = require(layout.queries, 'queries', 'queries.jsonl')
  const splits = [...layout.qrels.keys()].sort()
  const split = chooseSplit(splits, spec.split, identity.source, context)
  const qrels = require(layout.qrels.get(split) ?? [], 'qrels', `qrels/${split}.tsv`)
  const names = columnNames(spec.columns, spec.titles)
  const named = spec.columns?.judgmentQuery !== undefined || spec.columns?.judgmentDocument !== undefined
  const find = findPictures(files, dirname(layout.documents[0]!), folder)
  const pictures = [...files].flatMap(([path, { file }]) => (isPicture(path) ? [file] : []))
  return fileCollection({
    ...identity,
    split,
    splits,
    reading: readingOf(spec),
    files: [...new Set([...[...documents, ...queries, ...qrels].map(({ source }) => source.file), ...pictures])],
    readDocuments: () => readDocuments(documents, names, find),
    readQueries: () => readQueries(queries, names, find),
    readJudgments: () => readJudgments(qrels, names, named),
  })
}

/** Pictures are named relative to the corpus, or to the folder or archive that holds all parts. */
function findPictures(
  files: ReadonlyMap<string, ByteSource>,
  corpusFolder: string,
  folder: string | undefined,
): FindPicture {
  return (path) => {
    const plain = path.replaceAll('\\', '/').replace(/^\.\//, '')
    const found = files.get(corpusFolder === '.' ? plain : `${corpusFolder}/${plain}`) ?? files.get(plain)
    // A listing of very many files is cut; what it lacks may be there all the same.
    return found ?? (folder === undefined ? undefined : fileSource(join(folder, plain)))
  }
}

/** The parts of a spec that decide how files are read. */
export function readingOf(spec: CollectionSpec): { readonly [key: string]: Json | undefined } {
  const { format, subset, titles } = spec
  return { format, subset, titles, columns: { ...spec.columns }, files: { ...spec.files } }
}

/** The split to use: the one asked for, else `test`, else the only one, which is said by a notice. */
function chooseSplit(
  splits: readonly string[],
  wanted: string | undefined,
  source: string,
  context: CollectionContext,
): string {
  if (splits.length === 0)
    throw new FieldtrialError('DATA_MISSING', `${source} holds no qrels (relevance judgments).`, {
      hint: 'Put them into qrels/test.tsv: tab-separated query-id, corpus-id and score, with these names in the first line.',
      where: { file: source },
    })
  const split = wanted ?? DEFAULT_SPLIT
  if (splits.includes(split)) return split
  const other = DEVELOPMENT.includes(split) ? splits.filter((name) => DEVELOPMENT.includes(name)) : []
  if (other.length === 1) {
    context.onNotice?.({
      level: 'info',
      code: 'collection.split',
      message: `${source} calls its split ${split} ${other[0]}.`,
    })
    return other[0]!
  }
  if (wanted === undefined && splits.length === 1) {
    context.onNotice?.({
      level: 'info',
      code: 'collection.split',
      message: `${source} has no split ${DEFAULT_SPLIT}; its only split, ${splits[0]}, is used.`,
    })
    return splits[0]!
  }
  throw new FieldtrialError('DATA_MISSING', `${source} has no split "${split}"; it has ${splits.join(', ')}.`, {
    hint: `${didYouMean(split, splits)} Choose with \`split:\` in the study file or --split.`,
    where: { file: source },
  })
}

/** Relative paths of all files in a folder, links followed, hidden ones and packages left out, in a fixed order. */
async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = []
  const walk = async (relative: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, relative), { withFileTypes: true }).catch((error: unknown) => {
      throw asReadError(error)
    })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || files.length >= MAX_FILES) continue
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`
      const isFolder = entry.isSymbolicLink() ? await isDirectory(join(folder, path)) : entry.isDirectory()
      if (!isFolder) files.push(path)
      else if (depth < MAX_DEPTH) await walk(path, depth + 1)
    }
  }
  await walk('', 1)
  return files
}

export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  )
}

/** `scifact` for `…/scifact`, `…/scifact/` and `…/scifact.zip`. */
export function nameOfPath(path: string): string {
  return basename(path).replace(/\.zip$/i, '') || path
}
