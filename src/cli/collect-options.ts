import { basename, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CollectionOptions } from '../data/collect/output/beir.ts'
import { collect, positiveInteger } from './options.ts'

/** Flags that every `collect` command has. */
export interface CommonFlags {
  output?: string
  test?: number
  dev?: number
  seed?: number
  maxRelevant?: number
  maxChars?: number
  json?: boolean
  quiet?: boolean
}

/** Flags of those that read folders. */
export interface FolderFlags extends CommonFlags {
  include?: string[]
  exclude?: string[]
  gitignore: boolean
  maxFileBytes?: number
  splitBy?: 'file' | 'folder' | 'top-folder'
}

function share(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !(number >= 0 && number <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return number
}

function wholeNumber(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number)) throw new InvalidArgumentError('It must be a whole number.')
  return number
}

export function commonOptions(command: Command): Command {
  return command
    .option('-o, --output <dir>', 'folder of the collection (default: the name of what is read, and -collection)')
    .option('--test <share>', 'share of the files whose queries are for testing (default: 0.3)', share)
    .option('--dev <share>', 'share for development; the rest is for training (default: 0.1)', share)
    .option('--seed <n>', 'another choice of the files of each split (default: 1)', wholeNumber)
    .option('--max-chars <n>', 'cut longer documents there (default: 20000)', positiveInteger)
    .option('--json', 'print what was made as JSON')
    .option('-q, --quiet', 'no progress')
}

export function folderOptions(command: Command): Command {
  return commonOptions(command)
    .option('--include <pattern>', 'read only these files; a pattern as in .gitignore; repeat it', collect)
    .option('--exclude <pattern>', 'leave out these files or folders; repeat it', collect)
    .option('--no-gitignore', 'read what .gitignore names too')
    .option('--max-file-bytes <n>', 'leave out larger files', positiveInteger)
    .addOption(
      new Option('--split-by <what>', 'what goes to one split as a whole (default: file)').choices([
        'file',
        'folder',
        'top-folder',
      ]),
    )
}

export function vagueOption(command: Command): Command {
  return command.option('--max-relevant <n>', 'leave out queries that more things answer (default: 5)', positiveInteger)
}

/** Without the flags that were not given: the defaults belong to the collectors. */
export function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

export function commonOf({ test, dev, seed, maxRelevant, maxChars }: CommonFlags): CollectionOptions {
  return given({ test, dev, seed, maxRelevant, maxChars }) as CollectionOptions
}

export function folderOf(flags: FolderFlags) {
  const { include, exclude, maxFileBytes, splitBy } = flags
  return { ...commonOf(flags), ...given({ include, exclude, maxFileBytes, splitBy }), gitignore: flags.gitignore }
}

/** Where a collection goes if nobody says. */
export function outputOf(flag: string | undefined, source: string): string {
  if (flag !== undefined) return resolve(flag)
  const name = basename(resolve(source)).replace(/(?:\.(?:csv|tsv|jsonl?|ndjson|parquet))?(?:\.gz)?$/i, '')
  return resolve(`${name}-collection`)
}
