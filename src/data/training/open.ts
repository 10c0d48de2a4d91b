import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { fileSource } from '../byte-source.ts'
import { type HubContext, hubConfig } from '../hub/config.ts'
import { isCommit, parseRef } from '../hub/ref.ts'
import { fetchSnapshot } from '../hub/snapshot.ts'
import { isDirectory } from '../open-folder.ts'
import { datasetHint, findDataset } from '../registry/index.ts'
import { tableFile } from '../table.ts'
import { trainingSplits } from './layout.ts'
import { readTraining, type TrainingExample } from './read.ts'

export interface TrainingSpec {
  /** A name of the registry (`msmarco/train`), `hf:owner/name`, a folder in Tevatron's layout, or one of its files. */
  readonly source: string
  /** Default: `train`, or the only split there is. */
  readonly split?: string
  /** Commit, branch or tag on the hub. Default: the registry's commit for its own names, else main. */
  readonly revision?: string
}

/** Examples to train on. The stream may be started any number of times; nothing is kept in memory by it. */
export interface TrainingSet {
  readonly source: string
  readonly split: string
  readonly splits: readonly string[]
  /** Where it was fetched from, as `owner/name@commit`; empty for local files. */
  readonly repositories: readonly string[]
  /** Every file that the examples come from. */
  readonly files: readonly string[]
  examples(): AsyncIterable<TrainingExample>
}

const DEFAULT_SPLIT = 'train'
const PARQUET_BRANCH = 'refs/convert/parquet'

/**
 * Opens a training set in Tevatron's layout, fetching the files of its split, and no others, if need be.
 *
 * @throws FieldtrialError `DATA_MISSING` when it, or the split, is not there; `USAGE`, `NETWORK`, `OFFLINE`.
 */
export async function openTraining(spec: TrainingSpec, context: HubContext): Promise<TrainingSet> {
  const { source } = spec
  if (source.startsWith('hf:')) {
    const { id, revision } = parseRef('dataset', source.slice('hf:'.length))
    return openOnHub(id, spec.revision ?? revision, spec, context)
  }
  if (await isDirectory(source)) return openFolder(source, spec)
  if (await isFile(source)) return trainingSet(spec, basename(source), [basename(source)], [source], [])
  const known = findDataset(source)
  if (known?.kind === 'training' && known.hub !== null)
    return openOnHub(known.hub.repo, spec.revision ?? known.hub.revision ?? 'main', spec, context)
  throw new FieldtrialError(
    'DATA_MISSING',
    known ? `${known.id} is no training set.` : `There is no folder, file or known training set ${source}.`,
    {
      hint: known
        ? '`fieldtrial datasets msmarco/train` lists those that are.'
        : (datasetHint(source) ?? 'Check the path; a data set on the hub is named hf:owner/name.'),
    },
  )
}

async function openFolder(folder: string, spec: TrainingSpec): Promise<TrainingSet> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, ''))
  const splits = trainingSplits(paths, basename(folder))
  const split = chooseSplit([...splits.keys()], spec)
  return trainingSet(
    spec,
    split,
    [...splits.keys()],
    splits.get(split)!.map((path) => join(folder, path)),
    [],
  )
}

async function openOnHub(id: string, revision: string, spec: TrainingSpec, context: HubContext): Promise<TrainingSet> {
  const hub = hubConfig(context)
  const name = id.split('/').pop()!
  let splits = new Map<string, string[]>()
  const select = (paths: readonly string[]) => {
    splits = trainingSplits(paths, name)
    return splits.size === 0 ? [] : splits.get(chooseSplit([...splits.keys()], spec))!
  }
  const repo = { type: 'dataset', id, revision } as const
  let snapshot = await fetchSnapshot(hub, repo, select)
  if (snapshot.files.length === 0 && !isCommit(revision))
    snapshot = await fetchSnapshot(hub, { ...repo, revision: PARQUET_BRANCH }, select)
  const names = [...splits.keys()]
  const split = chooseSplit(names, spec)
  const files = snapshot.files.map((path) => join(snapshot.folder, path))
  return trainingSet(spec, split, names, files, [`${id}@${snapshot.commit}`])
}

function trainingSet(
  { source }: TrainingSpec,
  split: string,
  splits: readonly string[],
  files: readonly string[],
  repositories: readonly string[],
): TrainingSet {
  const tables = files.map((file) => tableFile(fileSource(file)))
  return { source, split, splits: [...splits].sort(), repositories, files, examples: () => readTraining(tables) }
}

function chooseSplit(splits: readonly string[], { source, split }: TrainingSpec): string {
  const wanted = split ?? DEFAULT_SPLIT
  if (splits.includes(wanted)) return wanted
  if (split === undefined && splits.length === 1) return splits[0]!
  throw new FieldtrialError(
    'DATA_MISSING',
    splits.length === 0
      ? `${source} holds no training files.`
      : `${source} has no split "${wanted}"; it has ${splits.join(', ')}.`,
    {
      hint:
        splits.length === 0
          ? 'Tevatron’s layout is train.jsonl.gz, one example on a line.'
          : `${didYouMean(wanted, splits)} Name one of them.`,
    },
  )
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  )
}
