import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { asReadError } from '../../core/read-error.ts'
import type { PublishedFigure, SystemKind } from '../published/types.ts'
import { isRecord, type MtebModel, readMtebResult } from './read.ts'
import { MTEB_TASKS } from './tasks.ts'

const META = 'model_meta.json'
const TASKS: ReadonlySet<string> = new Set(MTEB_TASKS.map(({ task }) => `${task}.json`))

/**
 * Reads result files of MTEB: single files, or folders such as a copy of its results repository, of which only the files of tasks known
 * here are opened. Folders are laid out as `OWNER__NAME/REVISION/TASK.json`, with `experiments/NAME/` below the revision if need be.
 *
 * @throws FieldtrialError `DATA_MISSING` when a path is not there or a folder holds no such file; `DATA_INVALID` as `readMtebResult`.
 */
export async function readMtebResults(paths: readonly string[]): Promise<PublishedFigure[]> {
  const models = new Map<string, Promise<MtebModel>>()
  const figures: PublishedFigure[] = []
  for (const path of paths) {
    const files = await resultFiles(path)
    let found = 0
    for (const file of files) {
      const folder = dirname(file)
      if (!models.has(folder)) models.set(folder, readModel(folder))
      const read = readMtebResult(await readJson(file), addressOf(file), await models.get(folder)!)
      figures.push(...read)
      found += read.length
    }
    if (found === 0)
      throw new FieldtrialError('DATA_INVALID', `${path} holds no score such as ndcg_at_10.`, {
        hint: 'Other programs put their own measures into files of this kind; only those of mteb’s retrieval tasks are read.',
        where: { file: path },
      })
  }
  return figures
}

async function resultFiles(path: string): Promise<string[]> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new FieldtrialError('DATA_MISSING', `There is no file or folder ${path}.`, {
      hint: 'Name a result file of mteb, or a folder of them.',
      where: { file: path },
      cause,
    })
  })
  if (!info.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true }).catch((error: unknown) => {
    throw asReadError(error)
  })
  const found = names.filter((name) => TASKS.has(basename(name))).sort()
  if (found.length === 0)
    throw new FieldtrialError('DATA_MISSING', `${path} holds no result of a retrieval task that is known here.`, {
      hint: 'Files are named after their tasks, such as SciFact.json; `fieldtrial published --help` says more.',
      where: { file: path },
    })
  return found.map((name) => join(path, name))
}

async function readModel(folder: string): Promise<MtebModel> {
  const meta = await readJson(join(folder, META)).catch((error: unknown) => {
    if (error instanceof FieldtrialError && error.code === 'DATA_MISSING') return null
    throw error
  })
  const [owner, revision] = namesOf(folder)
  const told = isRecord(meta) ? meta : {}
  const name = typeof told.name === 'string' ? told.name : owner
  const kind = kindOf(name, told.model_type)
  return {
    name: `${name}${experiment(told.experiment_kwargs)}`,
    revision: typeof told.revision === 'string' ? told.revision : revision,
    kind,
    prompts: kind === 'bm25' || told.use_instructions === false ? 'none' : 'unknown',
  }
}

/** Model and revision out of the folders; the folder's own name where there are no such folders. */
function namesOf(folder: string): [name: string, revision: string | null] {
  const parts = folder.split(sep)
  const last = parts.at(-2) === 'experiments' ? parts.slice(0, -2) : parts
  // A model without an owner, such as bm25s, is known by its place below `results`.
  const at = Math.max(
    last.findLastIndex((part) => part.includes('__')),
    last.lastIndexOf('results') + 1,
  )
  const model = last[at]
  if (at === 0 || model === undefined) return [last.at(-1) || 'unknown model', null]
  const revision = last[at + 1] ?? null
  return [model.replace('__', '/'), revision === 'no_revision_available' ? null : revision]
}

function kindOf(name: string, types: unknown): SystemKind {
  if (/bm25/i.test(name)) return 'bm25'
  const kinds = Array.isArray(types) ? (types as unknown[]) : []
  return kinds.includes('sparse') ? 'sparse' : kinds.includes('hybrid') ? 'hybrid' : 'dense'
}

function experiment(settings: unknown): string {
  if (!isRecord(settings) || Object.keys(settings).length === 0) return ''
  const parts = Object.entries(settings).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return ` (${parts.join(', ')})`
}

/** The end of the path, which says whose result it is, without the folders of this machine. */
function addressOf(file: string): string {
  const parts = file.split(sep)
  const from = parts.findLastIndex((part) => part.includes('__'))
  return from < 0 ? relative(dirname(dirname(file)), file) : parts.slice(from).join('/')
}

async function readJson(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new FieldtrialError('DATA_MISSING', `${file} cannot be read.`, {
      hint: 'Check the path and its permissions.',
      where: { file },
      cause,
    })
  }
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new FieldtrialError('DATA_INVALID', `${file} is not JSON.`, {
      hint: 'A result file that was cut short must be made again.',
      where: { file },
      cause,
    })
  }
}
