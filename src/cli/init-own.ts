import { basename, join, relative, resolve } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import type { CollectionCard } from '../data/collect/index.ts'
import { type InitCollection, nameFrom } from '../study/init/study-text.ts'
import { ProgressLine } from './progress.ts'
import { shellQuoted } from './shell.ts'
import { say, type Terminal } from './terminal.ts'

/** A folder of the user's that becomes a collection. */
export interface OwnData {
  readonly what: 'code' | 'docs'
  readonly folder: string
}

/** With fewer test queries all are for testing: a study tells nothing by a handful. */
const FEW_QUERIES = 50

/**
 * Makes collections out of folders, in `collections/` beside the study file.
 *
 * @throws FieldtrialError `DATA_MISSING` when a folder is not there or gives no queries.
 */
export async function collectOwn(
  own: readonly OwnData[],
  beside: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<InitCollection[]> {
  const { collectCode, collectDocs } = await import('../data/collect/index.ts')
  const progress = new ProgressLine(terminal)
  const work = { signal, onProgress: progress.update }
  const made: InitCollection[] = []
  const taken = new Set<string>()
  for (const { what, folder } of own) {
    const output = join(beside, 'collections', freeName(nameFrom(`${basename(resolve(folder))}-${what}`), taken))
    const make = (options: { test?: number; dev?: number }): Promise<CollectionCard> =>
      (what === 'code' ? collectCode : collectDocs)(folder, output, options, work)
    let card = await make({})
    const { train, dev, test } = card.counts.queries
    const all = test < FEW_QUERIES
    if (all) card = await make({ test: 1, dev: 0 })
    progress.clear()
    const queries = card.counts.queries.test
    if (queries === 0)
      throw new FieldtrialError('DATA_MISSING', `${folder} gives no queries.`, {
        hint:
          what === 'code'
            ? 'Its functions have no documentation comments that could be queries; look at `fieldtrial collect code`.'
            : 'Its files have no headings that could be queries; look at `fieldtrial collect docs`.',
        where: { file: folder },
      })
    const named = [folder, '-o', relative(process.cwd(), output) || output].map((word) =>
      shellQuoted(word.replace(/\s/g, ' ')),
    )
    const command = `fieldtrial collect ${what} ${named.join(' ')}${all ? ' --test 1 --dev 0' : ''}`
    say(
      terminal,
      `${relative(process.cwd(), output) || output}: ${card.counts.documents} documents, ${queries} queries${all ? `, all of the ${train + dev + test} for testing` : ' for testing'}.`,
    )
    made.push({ source: `./${relative(beside, output)}`, madeBy: command })
  }
  return made
}

/** Two folders of one name, such as the `src` of two packages, are two collections. */
function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`
  taken.add(free)
  return free
}
