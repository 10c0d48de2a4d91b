import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import type { Json } from '../../../core/fingerprint.ts'
import type { LongWork } from '../../../core/progress.ts'
import { queryOf } from '../comments/query.ts'
import { decodeText } from '../files/decode.ts'
import { notWritten } from '../files/generated.ts'
import type { Skipped } from '../files/skipped.ts'
import { resolveWalk, type SourceFile, type WalkOptions, walkFiles } from '../files/walk.ts'
import { type GroupBy, groupOf } from '../group.ts'
import type { Item } from '../item.ts'
import { type CollectionCard, type CollectionOptions, writeCollection } from '../output/beir.ts'
import type { Language } from './language.ts'
import { languageOf, languagesByExtension } from './languages/index.ts'
import { SourceParser } from './parser.ts'
import { type Unit, unitsOf } from './units.ts'

export interface CodeOptions extends CollectionOptions, Omit<WalkOptions, 'wanted' | 'not' | 'signal'> {
  /** Default: all that there is a grammar for, see `LANGUAGE_NAMES`. */
  readonly languages?: readonly string[]
  /** Fewest words of a query. Default: 4. */
  readonly minWords?: number
  /** What of a comment is the query: its first sentence, or its first paragraph. Default: `sentence`. */
  readonly query?: 'sentence' | 'paragraph'
  /** Whether types (classes, structs, interfaces …) are documents beside functions. Default: true. */
  readonly types?: boolean
  /** Prototypes, abstract methods and the like are documents if they are documented, always, or never. Default: `documented`. */
  readonly declarations?: 'documented' | 'keep' | 'drop'
  /** What a document's title is: empty, or its file's path. Default: `none`. */
  readonly titles?: 'none' | 'path'
  /** What goes to one split as a whole. Default: `file`. */
  readonly splitBy?: GroupBy
}

/** What was read of one language. */
interface Tally {
  files: number
  documents: number
  described: number
  unsound: number
}

/**
 * Makes a collection out of source code: each function, method and type is a document without its documentation comment, whose first sentence
 * is the query for it; those without a usable comment are documents too, so that all of the code is searched.
 *
 * @param root The folder of the code.
 * @param output The folder of the collection.
 * @throws FieldtrialError `DATA_MISSING`, `USAGE`, `DISK_FULL`, `NOT_WRITABLE`, `CANCELLED`.
 */
export async function collectCode(
  root: string,
  output: string,
  options: CodeOptions = {},
  work: LongWork = {},
): Promise<CollectionCard> {
  const languages = languagesByExtension(options.languages)
  const parser = await SourceParser.create()
  const resolved = {
    languages: [...new Set([...languages.values()].map(({ name }) => name))],
    minWords: options.minWords ?? 4,
    query: options.query ?? 'sentence',
    types: options.types ?? true,
    declarations: options.declarations ?? 'documented',
    titles: options.titles ?? 'none',
    splitBy: options.splitBy ?? 'file',
    ...resolveWalk(options),
  } as const
  const items = async function* (skipped: Skipped): AsyncGenerator<Item, { readonly [key: string]: Json }> {
    const tallies = new Map<string, Tally>()
    let done = 0
    const walk = {
      ...resolved,
      not: [output],
      wanted: (name: string) => languages.has(endingOf(name)),
      signal: work.signal,
    }
    for await (const file of walkFiles(root, walk, skipped)) {
      const units = await readUnits(file, languages.get(endingOf(file.path))!, parser, skipped)
      if (++done % 20 === 0) work.onProgress?.({ step: 'read code', done, unit: 'records' })
      if (units === undefined) continue
      const { language } = units
      const tally = tallies.get(language.name) ?? { files: 0, documents: 0, described: 0, unsound: 0 }
      tallies.set(language.name, tally)
      tally.files++
      if (!units.sound) tally.unsound++
      for (const unit of units.found) {
        if (unit.kind === 'type' && !resolved.types) continue
        const query = describe(unit, resolved, `${file.path}:${unit.line}`, skipped)
        if (unit.kind === 'declaration' && !wantedDeclaration(resolved.declarations, query)) continue
        tally.documents++
        if (query !== undefined) tally.described++
        yield itemOf(unit, query, file, language, resolved)
      }
    }
    return {
      languages: Object.fromEntries(
        [...tallies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, t]) => [name, { ...t }]),
      ),
    }
  }
  try {
    return await writeCollection(output, { what: 'code', source: root, options: resolved }, options, items, work)
  } finally {
    parser.close()
  }
}

const endingOf = (path: string) => extname(path).slice(1).toLowerCase()

function wantedDeclaration(which: 'documented' | 'keep' | 'drop', query: string | undefined): boolean {
  return which === 'keep' || (which === 'documented' && query !== undefined)
}

async function readUnits(
  file: SourceFile,
  byExtension: Language,
  parser: SourceParser,
  skipped: Skipped,
): Promise<{ found: Unit[]; language: Language; sound: boolean } | undefined> {
  const bytes = await readFile(file.file).catch(() => undefined)
  if (bytes === undefined) return void skipped.add('file that may not be read', file.path)
  const decoded = decodeText(bytes)
  if (decoded === undefined) return void skipped.add('binary file', file.path)
  const reason = notWritten(basename(file.path), decoded.text)
  if (reason !== undefined) return void skipped.add(`${reason} file`, file.path)
  const language = languageOf(byExtension, decoded.text)
  try {
    const tree = await parser.parse(decoded.text, language)
    try {
      return { found: unitsOf(tree, decoded.text, language), language, sound: !tree.rootNode.hasError }
    } finally {
      tree.delete()
    }
  } catch {
    // A grammar that fails on one file must not cost the others.
    return void skipped.add('file that its grammar fails on', file.path)
  }
}

function describe(
  unit: Unit,
  options: { readonly query: 'sentence' | 'paragraph'; readonly minWords: number },
  place: string,
  skipped: Skipped,
): string | undefined {
  if (unit.documentation === undefined) return undefined
  const query = queryOf(unit.documentation, unit.name, { extent: options.query, minWords: options.minWords })
  if ('text' in query) return query.text
  skipped.add(`comment that is no query: ${query.unfit}`, place)
  return undefined
}

function itemOf(
  unit: Unit,
  query: string | undefined,
  file: SourceFile,
  language: Language,
  options: { readonly titles: 'none' | 'path'; readonly splitBy: GroupBy },
): Item {
  return {
    id: `${file.path}#${unit.symbol}`,
    title: options.titles === 'path' ? file.path : '',
    text: unit.text,
    metadata: { language: language.name, path: file.path, line: unit.line, symbol: unit.symbol, kind: unit.kind },
    queries: query === undefined ? [] : [{ text: query, group: groupOf(file.path, options.splitBy) }],
  }
}
