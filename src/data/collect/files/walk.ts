import { readdir, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import { FieldtrialError, throwIfAborted } from '../../../core/errors.ts'
import { IgnoreRules } from './ignore-rules.ts'
import type { Skipped } from './skipped.ts'

export interface SourceFile {
  /** Where it lies on this machine. */
  readonly file: string
  /** Relative to the folder that was named, with `/`. */
  readonly path: string
  /** Bytes. */
  readonly size: number
}

export interface WalkOptions {
  /** Only files that one of these patterns takes; patterns as in `.gitignore`. Default: all. */
  readonly include?: readonly string[]
  /** Files and folders that one of these patterns takes are left out. */
  readonly exclude?: readonly string[]
  /** Whether `.gitignore` files count. Default: true. */
  readonly gitignore?: boolean
  /** Larger files are left out. Default: 1 MiB. */
  readonly maxFileBytes?: number
  /** Folders that are not entered, such as the output's. */
  readonly not?: readonly string[]
  /** Of the files, by name, those that matter; others are passed over without a count. */
  readonly wanted: (name: string) => boolean
  readonly signal?: AbortSignal | undefined
}

const DEFAULT_MAX_FILE_BYTES = 1 << 20

/** What a user may say of the files of a folder, with nothing left to defaults: enters the collection's card. */
export function resolveWalk(
  { include = [], exclude = [], gitignore = true, maxFileBytes }: Omit<WalkOptions, 'wanted'>,
  mostBytes = DEFAULT_MAX_FILE_BYTES,
) {
  return { include, exclude, gitignore, maxFileBytes: maxFileBytes ?? mostBytes }
}

/** Folders of other people's code and of what tools make; they are entered only if named themselves. */
const FOREIGN = new Set([
  'node_modules',
  'bower_components',
  'jspm_packages',
  'vendor',
  'third_party',
  'third-party',
  'site-packages',
  '__pycache__',
  'Pods',
  'Carthage',
])

/**
 * The files below a folder in a fixed order (by code units, folder by folder), one after the other. Hidden folders, folders of other people's
 * code and what `.gitignore` names are left out and counted; links are followed, and nothing is met twice.
 *
 * @throws FieldtrialError `DATA_MISSING` when there is no such folder.
 */
export async function* walkFiles(root: string, options: WalkOptions, skipped: Skipped): AsyncGenerator<SourceFile> {
  const folder = await realpath(resolve(root)).catch(() => undefined)
  if (folder === undefined || !(await stat(folder)).isDirectory())
    throw new FieldtrialError(
      'DATA_MISSING',
      folder === undefined ? `There is no folder ${root}.` : `${root} is a file, not a folder.`,
      {
        hint: 'Name the folder that holds the files.',
        where: { file: root },
      },
    )
  const walk = new Walk(options, skipped)
  const rules = options.gitignore === false ? IgnoreRules.NONE : await IgnoreRules.above(folder)
  yield* walk.folder(folder, '', rules)
}

class Walk {
  readonly #options: WalkOptions
  readonly #skipped: Skipped
  readonly #visited = new Set<string>()
  readonly #include: Ignore | undefined
  readonly #exclude: Ignore
  readonly #not: ReadonlySet<string>

  constructor(options: WalkOptions, skipped: Skipped) {
    this.#options = options
    this.#skipped = skipped
    this.#include = options.include?.length ? ignore().add(options.include) : undefined
    this.#exclude = ignore().add(options.exclude ?? [])
    this.#not = new Set(options.not?.map((path) => resolve(path)))
  }

  async *folder(at: string, relative: string, outer: IgnoreRules): AsyncGenerator<SourceFile> {
    throwIfAborted(this.#options.signal)
    const real = await realpath(at)
    if (this.#visited.has(real)) return this.#skipped.add('link to what is read already', relative)
    this.#visited.add(real)
    const rules = this.#options.gitignore === false ? outer : await outer.enter(at)
    const names = await readdir(at).catch(() => undefined)
    if (names === undefined) return this.#skipped.add('folder that may not be read', relative)
    for (const name of names.sort()) {
      const file = join(at, name)
      const path = relative === '' ? name : `${relative}/${name}`
      const info = await stat(file).catch(() => undefined)
      if (info?.isDirectory()) {
        const reason = this.#folderReason(file, path, name, rules)
        if (reason === undefined) yield* this.folder(file, path, rules)
        else if (reason !== '') this.#skipped.add(reason, path)
      } else if (info?.isFile() && this.#options.wanted(name)) {
        const reason = await this.#fileReason(file, path, info.size, rules)
        if (reason === undefined) yield { file, path, size: info.size }
        else this.#skipped.add(reason, path)
      } else if (info === undefined && this.#options.wanted(name)) this.#skipped.add('broken link', path)
    }
  }

  #folderReason(file: string, path: string, name: string, rules: IgnoreRules): string | undefined {
    if (this.#not.has(file)) return 'folder of the output'
    // Too many of no interest (.git, .venv) to be worth a count.
    if (name.startsWith('.')) return ''
    if (FOREIGN.has(name)) return 'folder of other code'
    if (rules.ignores(file, true)) return 'ignored by .gitignore'
    return this.#exclude.ignores(`${path}/`) ? 'excluded' : undefined
  }

  async #fileReason(file: string, path: string, size: number, rules: IgnoreRules): Promise<string | undefined> {
    if (rules.ignores(file, false)) return 'ignored by .gitignore'
    if (this.#exclude.ignores(path)) return 'excluded'
    if (this.#include !== undefined && !this.#include.ignores(path)) return 'not included'
    if (size > (this.#options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES)) return 'too large'
    const real = await realpath(file)
    if (this.#visited.has(real)) return 'link to what is read already'
    this.#visited.add(real)
    return undefined
  }
}
