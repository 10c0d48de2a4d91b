import { languagesByExtension } from '../../src/data/collect/code/languages/index.ts'
import { SourceParser } from '../../src/data/collect/code/parser.ts'
import { type Unit, unitsOf } from '../../src/data/collect/code/units.ts'
import { queryOf } from '../../src/data/collect/comments/query.ts'

const parser = SourceParser.create()

/** What is found in a source of the language that has this file extension. */
export async function units(extension: string, source: string): Promise<Unit[]> {
  const language = languagesByExtension().get(extension)!
  const tree = await (await parser).parse(source, language)
  const found = unitsOf(tree, source, language)
  tree.delete()
  return found
}

/** Symbol → its query, null where the documentation gives none, undefined where there is none. */
export async function queries(extension: string, source: string): Promise<Record<string, string | null | undefined>> {
  const found = await units(extension, source)
  return Object.fromEntries(
    found.map(({ symbol, name, documentation }) => {
      if (documentation === undefined) return [symbol, undefined]
      const query = queryOf(documentation, name, { extent: 'sentence', minWords: 3 })
      return [symbol, 'text' in query ? query.text : null]
    }),
  )
}
